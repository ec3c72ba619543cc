// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include "client/carrier.h"
#include "client/static_peer.h"
#include "config/load.h"
#include "wire/ip_address.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace espgate::client {
namespace {

void tell(std::string_view text) { fmt::print(stderr, "espgate-client: {}\n", text); }

SequenceClock::Time now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// What the configuration and the command line say together.
struct Plan {
  PeerParameters peer;
  Endpoint gateway;
  std::uint16_t outer_mtu = 1500;
  crypto::EngineChoice engine = crypto::EngineChoice::automatic;
};

Expected<Plan> make_plan(const Options& options) {
  auto loaded = config::load(options.config);
  if (!loaded) {
    std::string text = loaded.error().to_string();
    while (text.ends_with('\n')) text.pop_back();
    return fail({.what = std::move(text), .where = {}, .hint = {}, .kind = ErrorKind::configuration});
  }
  for (const config::Problem& warning : loaded->warnings) tell("warning: " + warning.to_string());
  const auto peer = find_peer(loaded->config, options.peer);
  if (!peer) return fail(peer.error());
  return Plan{.peer = mirror(**peer),
              .gateway = options.gateway.value_or(gateway_of(loaded->config)),
              .outer_mtu = loaded->config.outer_mtu,
              .engine = loaded->config.engine};
}

Expected<std::unique_ptr<crypto::Engine>> start_engine(crypto::EngineChoice choice) {
  auto engine = crypto::make_engine(choice);
  if (engine) return std::move(*engine);
  return fail({.what = engine.error(), .where = {}, .hint = {}, .kind = ErrorKind::configuration});
}

Expected<void> install(Tunnel& tunnel, const PeerParameters& peer, const SequenceNumbers& numbers) {
  if (auto added = tunnel.add_inbound(peer.inbound, peer.replay_window); !added) return added;
  if (auto set = tunnel.set_outbound(peer.outbound, numbers.first()); !set) return set;
  tunnel.open_session(peer.session);
  return {};
}

// Without --mtu no datagram to the gateway exceeds the outer MTU, so that none is fragmented.
std::uint16_t mtu_of(const Options& options, const Plan& plan, Tunnel& tunnel) {
  const auto& header = tunnel.session().header;
  return options.mtu.value_or(inner_limit(tunnel.outbound(), header, plan.outer_mtu, plan.peer.mru));
}

Expected<void> set_up_tun(TunDevice& tun, const Options& options, const Plan& plan, std::uint16_t mtu) {
  if (auto configured = tun.configure(plan.peer.inner_address, mtu); !configured) return configured;
  for (const wire::Ipv4Prefix& route : options.routes)
    if (auto added = tun.add_route(route); !added) return added;
  // What is sent to the gateway must not come back to us for encapsulation.
  if (source_towards(plan.gateway) != plan.peer.inner_address) return {};
  return fail(
      {.what =
           fmt::format("the way to the gateway {} would lead into its own tunnel", plan.gateway.to_string()),
       .where = "--route",
       .hint =
           "route the gateway's address past the tunnel first (ip route add ADDRESS via ROUTER), or leave "
           "it out of the networks",
       .kind = ErrorKind::usage});
}

void tell_what_runs(const Plan& plan, std::uint16_t mtu, const TunDevice& tun, const GatewaySocket& socket,
                    const SequenceNumbers& numbers, const crypto::Engine& engine) {
  const crypto::SuiteId suite = plan.peer.outbound.suite;
  tell(fmt::format("{} has {}, MTU {}; gateway {} from {}; {} by {}, ESP sequence numbers from {}",
                   tun.name(), wire::IpAddress::v4(plan.peer.inner_address).to_string(), mtu,
                   plan.gateway.to_string(), socket.local().to_string(), crypto::suite(suite).name,
                   engine.does(suite), numbers.first()));
}

// Numbers go back even if carrying has ended with an error, which is then the one to tell.
Expected<void> give_back(SequenceNumbers& numbers, const Tunnel& tunnel, Expected<void> ended) {
  const auto finished = numbers.finish(tunnel.outbound(), now());
  if (finished && *finished) tell("warning: " + **finished);
  if (!finished && ended) return fail(finished.error());
  return ended;
}

}  // namespace

Expected<void> run_client(const Options& options) {
  auto plan = make_plan(options);
  if (!plan) return fail(std::move(plan.error()));
  auto engine = start_engine(plan->engine);
  if (!engine) return fail(std::move(engine.error()));
  auto numbers =
      SequenceNumbers::make(options.sequence, plan->peer.outbound.suite, plan->peer.outbound.esn, now());
  if (!numbers) return fail(std::move(numbers.error()));
  Tunnel tunnel(**engine);
  if (auto installed = install(tunnel, plan->peer, *numbers); !installed) return installed;
  auto socket = GatewaySocket::open(options.local, plan->gateway);
  if (!socket) return fail(std::move(socket.error()));
  auto tun = TunDevice::open(options.tun);
  if (!tun) return fail(std::move(tun.error()));
  const std::uint16_t mtu = mtu_of(options, *plan, tunnel);
  if (auto set_up = set_up_tun(*tun, options, *plan, mtu); !set_up) return set_up;
  // Last, because numbers that are reserved and not given back are lost.
  if (auto provided = numbers->provide(tunnel.outbound()); !provided) return provided;
  auto carrier = Carrier::make({**engine, tunnel, *numbers, *socket, *tun},
                               {std::chrono::seconds(options.stats_seconds), options.json});
  if (!carrier) return fail(std::move(carrier.error()));
  tell_what_runs(*plan, mtu, *tun, *socket, *numbers, **engine);
  return give_back(*numbers, tunnel, (*carrier)->run());
}

}  // namespace espgate::client
