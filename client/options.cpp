// SPDX-License-Identifier: Apache-2.0
#include "client/options.h"

#include "client/packet_buffers.h"
#include "wire/udp.h"

#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace espgate::client {
namespace {

constexpr std::uint16_t least_mtu = 68;  // RFC 791 §3.2: every link carries that
// What the buffers hold, less what ESP, L2TP and PPP put around a packet of the same size on its way in.
constexpr std::uint16_t most_mtu = PacketBuffers::room - 384;

tl::unexpected<Error> usage(std::string_view option, std::string what, std::string hint = {}) {
  return fail({std::move(what), std::string(option), std::move(hint), ErrorKind::usage});
}

Expected<Endpoint> parse_endpoint(std::string_view option, std::string_view text,
                                  std::uint16_t default_port) {
  const auto endpoint = Endpoint::from_string(text, default_port);
  if (endpoint) return *endpoint;
  return usage(
      option,
      fmt::format("expected an IPv4 address and perhaps a port, as 203.0.113.10:4500, got \"{}\"", text));
}

Expected<void> parse_gateway(std::string_view text, Options& options) {
  const auto gateway = parse_endpoint("--gateway", text, wire::udp_port_natt);
  if (!gateway) return fail(gateway.error());
  if (gateway->address == 0 || gateway->port == 0)
    return usage("--gateway", fmt::format("nothing can be sent to {}", gateway->to_string()));
  options.gateway = *gateway;
  return {};
}

Expected<void> parse_route(std::string_view text, Options& options) {
  const auto prefix = wire::Ipv4Prefix::from_string(text);
  if (!prefix)
    return usage("--route", fmt::format("expected an IPv4 network such as 10.30.0.0/24, got \"{}\"", text));
  if (prefix->network() != *prefix)
    return usage("--route", fmt::format("{} has bits behind the prefix", text),
                 "the network is " + prefix->network().to_string());
  options.routes.push_back(*prefix);
  return {};
}

}  // namespace

void add_options(CLI::App& app, Options& options, OptionTexts& texts) {
  constexpr const char* by_hand = "Static keys";
  app.add_option("--config", options.config, "the gateway's configuration (TOML)")->group(by_hand);
  app.add_option("--peer", options.peer, "name of the [[static_peer]] in it that this client is")
      ->group(by_hand);
  app.add_option("--gateway", texts.gateway,
                 "ADDRESS[:PORT] of the gateway (default from its configuration, port 4500)")
      ->group(by_hand);
  app.add_option("--local", texts.local, "ADDRESS[:PORT] to send from (default any)");
  app.add_option("--tun", options.tun, "name of the TUN device; %d is the first free number")
      ->capture_default_str();
  app.add_option("--route", texts.routes, "network behind the gateway; may be given several times");
  app.add_option("--mtu", options.mtu, "of the TUN device, in bytes (default: the peer's mru, or what fits)")
      ->check(CLI::Range(least_mtu, most_mtu));
  auto* file = app.add_option("--sequence-file", options.sequence.file,
                              "keeps ESP sequence numbers from occurring twice; AES-GCM and ChaCha20 need it")
                   ->group(by_hand);
  app.add_option("--sequence", options.sequence.start, "first ESP sequence number (default from the clock)")
      ->check(CLI::PositiveNumber)
      ->excludes(file)
      ->group(by_hand);
  app.add_option("--stats", options.stats_seconds, "report every so many seconds too, not only at the end")
      ->check(CLI::Range(1U, 86'400U));
  app.add_flag("--json", options.json, "reports as JSON objects, one a line");
}

Expected<void> parse_texts(const OptionTexts& texts, Options& options) {
  if (!texts.gateway.empty())
    if (auto done = parse_gateway(texts.gateway, options); !done) return done;
  if (!texts.local.empty()) {
    const auto local = parse_endpoint("--local", texts.local, 0);
    if (!local) return fail(local.error());
    options.local = *local;
  }
  for (const std::string& route : texts.routes)
    if (auto done = parse_route(route, options); !done) return done;
  return {};
}

}  // namespace espgate::client
