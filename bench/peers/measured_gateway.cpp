// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/measured_gateway.h"

#include "channel/protect_process.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <cstdlib>
#include <span>

namespace espgate::bench {
namespace {

using dataplane::InboundSa;

channel::Address address(std::uint32_t host) { return wire::IpAddress::v4(host).bytes(); }

channel::Command peer_command(const Agreement& agreed, Shape shape) {
  channel::Command command{};
  command.type = channel::CommandType::peer_update;
  command.peer_update = {.peer_id = agreed.slot,
                         .remote_port = shape == Shape::l2tp ? agreed.outer_port : std::uint16_t{0},
                         .local_port = shape == Shape::l2tp ? std::uint16_t{4500} : std::uint16_t{0},
                         .remote = address(agreed.outer_source),
                         .local = address(gateway_address)};
  return command;
}

channel::Command sa_command(const Agreement& agreed, const crypto::Suite& suite) {
  channel::Command command{};
  command.type = channel::CommandType::sa_add;
  channel::SaAdd& sa = command.sa_add;
  sa.peer_id = agreed.slot;
  sa.slot = agreed.slot;
  sa.spi = agreed.spi;
  sa.direction = channel::Direction::inbound;
  sa.window_packets = 128;
  std::copy(suite.name.begin(), suite.name.end(), sa.suite.begin());
  const auto put = [](std::span<const std::byte> from, auto& to, std::uint8_t& bytes) {
    std::copy(from.begin(), from.end(), to.begin());
    bytes = static_cast<std::uint8_t>(from.size());
  };
  put(agreed.cipher_key.bytes(), sa.keys.cipher_key, sa.keys.cipher_key_bytes);
  put(agreed.integrity_key.bytes(), sa.keys.integrity_key, sa.keys.integrity_key_bytes);
  return command;
}

channel::Command session_command(const Agreement& agreed) {
  channel::Command command{};
  command.type = channel::CommandType::session_update;
  channel::SessionUpdate& session = command.session_update;
  session = {};
  session.peer_id = agreed.slot;
  session.tunnel = agreed.tunnel;
  session.session = agreed.session;
  session.inner = address(agreed.inner_source);
  session.mru = 1400;
  session.open = true;
  return command;
}

// The bench's own switches.
void set_for_looped_traffic(InboundSa& sa, Shape shape, bool strict) {
  sa.ignore_replay = !strict;
  if (shape == Shape::l2tp) return;
  // A gateway takes no tunnel mode; what reads captures does.
  sa.observed = true;
  sa.encapsulation = dataplane::Encapsulation::ip_tunnel;
}

}  // namespace

tl::expected<std::unique_ptr<MeasuredGateway>, std::string> MeasuredGateway::create(const Options& options,
                                                                                    const Traffic& traffic) {
  std::unique_ptr<MeasuredGateway> made(new MeasuredGateway);
  std::string folder = (std::filesystem::temp_directory_path() / "espgate-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return tl::unexpected("no folder can be made in " + folder);
  made->folder_ = folder;

  config::Config& config = made->config_;
  config.outside.device = options.outside;
  config.outside.address = {gateway_address, 24};
  config.inside.emplace();
  config.inside->device = options.inside;
  config.inside->address = {inner_servers + 1, 24};
  config.client_pool = {inner_pool, 14};
  config.workers.cores = {options.core};
  config.hugepages = options.hugepages ? config::Hugepages::on : config::Hugepages::off;
  config.buffers = options.buffers;
  config.runtime_directory = folder;

  auto gateway = dataplane::live::Gateway::create(config);
  if (!gateway) return tl::unexpected(gateway.error());
  channel::protect_process();
  made->gateway_ = std::move(*gateway);
  auto done = made->add_route();
  if (done) done = made->install(traffic, options.strict);
  if (!done) return tl::unexpected(done.error());
  return made;
}

MeasuredGateway::~MeasuredGateway() {
  gateway_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

tl::expected<void, std::string> MeasuredGateway::add_route() {
  if (!(gateway_->outside().mac() == pcap_mac))
    return tl::unexpected("the capture's frames are for another address than the port has: is \"" +
                          config_.outside.device + "\" a net_pcap?");
  constexpr wire::MacAddress server{
      {std::byte{2}, std::byte{}, std::byte{}, std::byte{}, std::byte{}, std::byte{1}}};
  const dataplane::NextHopId hop =
      gateway_->hops.allocate({server, gateway_->inside().id(), dataplane::NextHop::State::resolved});
  gateway_->shared->side.default_hop = hop;
  if (!gateway_->routes->add({inner_servers, 9}, hop))
    return tl::unexpected(std::string("no room for a route"));
  return {};
}

tl::expected<void, std::string> MeasuredGateway::install(const Traffic& traffic, bool strict) {
  const crypto::Suite& suite = crypto::suite(traffic.suite);
  for (std::uint32_t i = 0; i < traffic.sas; ++i) {
    const Agreement agreed(suite, i);
    for (const channel::Command& command :
         {peer_command(agreed, traffic.shape), sa_command(agreed, suite), session_command(agreed)})
      if (gateway_->installation->apply(command, 0) != channel::Result::ok)
        return tl::unexpected("tunnel " + std::to_string(i) + " could not be installed");
    set_for_looped_traffic(*gateway_->sas->find(agreed.spi), traffic.shape, strict);
  }
  return {};
}

MeasuredGateway::Counts MeasuredGateway::counts() const {
  Counts counts{};
  for (const dataplane::Counter& dropped : stats().drops) counts.lost += dropped;
  for (const dataplane::Counter& punted : stats().punts) counts.lost += punted;
  const auto sent = gateway_->inside().counters();
  counts.cycles = dataplane::read_cycles();
  counts.packets = sent.tx_packets;
  counts.bytes = sent.tx_bytes;
  return counts;
}

}  // namespace espgate::bench
