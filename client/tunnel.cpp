// SPDX-License-Identifier: Apache-2.0
#include "client/tunnel.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

namespace espgate::client {
namespace {

Expected<std::unique_ptr<crypto::Key>> make_key(crypto::Engine& engine, const SaParameters& sa) {
  auto key = engine.make_key(sa.suite, sa.cipher_key.bytes(), sa.integrity_key.bytes());
  if (key) return std::move(*key);
  return fail({.what = key.error(),
               .where = fmt::format("SA 0x{:08x}", sa.spi),
               .hint = {},
               .kind = ErrorKind::configuration});
}

}  // namespace

Tunnel::Tunnel(crypto::Engine& engine) : engine_(engine) {
  peer_.sessions[0] = &session_;
  session_.peer = &peer_;
}

Expected<void> Tunnel::add_inbound(const SaParameters& parameters, std::uint32_t window_packets) {
  auto key = make_key(engine_, parameters);
  if (!key) return fail(std::move(key.error()));
  auto inbound = std::make_unique<Inbound>(window_packets);
  inbound->key = std::move(*key);
  dataplane::InboundSa& sa = inbound->sa;
  dataplane::set_suite(sa, parameters.suite);
  sa.spi = parameters.spi;
  sa.esn = parameters.esn;
  // The gateway's end of the selector is udp/1701, so what it sends comes from there.
  sa.l2tp_port = dataplane::L2tpPort::source;
  sa.key = inbound->key.get();
  sa.hot_key = dataplane::HotKey(*inbound->key, crypto::Direction::decrypt);
  sa.peer = &peer_;
  inbound_.push_back(std::move(inbound));
  return {};
}

Expected<void> Tunnel::set_outbound(const SaParameters& parameters, std::uint64_t first_sequence) {
  if (auto added = add_outbound(parameters, first_sequence); !added) return added;
  use_outbound(parameters.spi);
  return {};
}

Expected<void> Tunnel::add_outbound(const SaParameters& parameters, std::uint64_t first_sequence) {
  auto key = make_key(engine_, parameters);
  if (!key) return fail(std::move(key.error()));
  auto outbound = std::make_unique<Outbound>();
  outbound->key = std::move(*key);
  dataplane::OutboundSa& sa = outbound->sa;
  dataplane::set_suite(sa, parameters.suite);
  sa.spi = parameters.spi;
  sa.esn = parameters.esn;
  sa.next_sequence = first_sequence;
  sa.last_sequence = parameters.esn ? std::numeric_limits<std::uint64_t>::max() : 0xffff'ffff;
  // The kernel puts IP and UDP before the datagram and may fragment it: no limit but that of IP itself.
  sa.max_packet_bytes = std::numeric_limits<std::uint16_t>::max();
  dataplane::set_outer_header(sa, {.ethernet = false});  // for the overhead; never sent
  sa.key = outbound->key.get();
  sa.hot_key = dataplane::HotKey(*outbound->key, crypto::Direction::encrypt);
  outbounds_.push_back(std::move(outbound));
  return {};
}

// The one added last, should the server have given the same SPI twice.
void Tunnel::use_outbound(std::uint32_t spi) {
  for (const auto& each : outbounds_)
    if (each->sa.spi == spi) outbound_ = each.get();
}

void Tunnel::remove_outbound(std::uint32_t spi) {
  if (outbound_ != &none_ && outbound_->sa.spi == spi) outbound_ = &none_;
  std::erase_if(outbounds_, [spi](const auto& each) { return each->sa.spi == spi; });
}

void Tunnel::remove_inbound(std::uint32_t spi) {
  std::erase_if(inbound_, [spi](const auto& each) { return each->sa.spi == spi; });
}

void Tunnel::add_session(const SessionParameters& ids) {
  session_.tunnel_and_session = dataplane::tunnel_and_session(ids.client_tunnel, ids.client_session);
  session_.header =
      dataplane::make_session_header({.tunnel = ids.gateway_tunnel, .session = ids.gateway_session});
}

void Tunnel::open_session(const SessionParameters& ids) {
  add_session(ids);
  open_for_ip();
}

dataplane::InboundSa* Tunnel::find_inbound(std::uint32_t spi) const {
  for (const auto& inbound : inbound_)
    if (inbound->sa.spi == spi) return &inbound->sa;
  return nullptr;
}

}  // namespace espgate::client
