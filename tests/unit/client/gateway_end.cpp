// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/gateway_end.h"

#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>
#include <stdexcept>

namespace espgate::client::test {
namespace {

crypto::SecretBytes key(std::size_t size, unsigned seed) {
  crypto::SecretBytes bytes(size);
  // A 3DES key of three equal parts would be weak single DES.
  for (std::size_t i = 0; i < size; ++i) bytes.bytes()[i] = std::byte((i * 13 + seed) & 0xff);
  return bytes;
}

config::StaticSa static_sa(const crypto::Suite& suite, std::uint32_t spi, unsigned seed) {
  config::StaticSa sa;
  sa.spi = spi;
  sa.cipher_key = key(std::size_t{suite.cipher_key_bytes} + suite.salt_bytes, seed);
  sa.integrity_key = key(suite.integrity_key_bytes, seed + 1);
  return sa;
}

SaParameters parameters(const config::StaticPeer& peer, const config::StaticSa& sa) {
  return {.spi = sa.spi,
          .suite = peer.suite,
          .esn = peer.esn,
          .cipher_key = sa.cipher_key.clone(),
          .integrity_key = sa.integrity_key.clone()};
}

void must(const Expected<void>& done) {
  if (!done) throw std::runtime_error(done.error().to_string());
}

}  // namespace

config::StaticPeer static_peer(std::string_view suite) {
  config::StaticPeer peer;
  peer.name = "anna";
  peer.suite = *crypto::find_suite(suite);
  peer.inner_address = 0x0a280007;
  peer.inbound = static_sa(crypto::suite(peer.suite), 0x1a000401, 7);
  peer.outbound = static_sa(crypto::suite(peer.suite), 0xc0ffee01, 77);
  peer.tunnel = 4711;
  peer.session = 12;
  peer.peer_tunnel = 815;
  peer.peer_session = 34;
  peer.mru = 1388;
  return peer;
}

Bytes inner_packet(std::size_t payload) {
  constexpr std::size_t headers = sizeof(wire::Ipv4Header) + sizeof(wire::UdpHeader);
  Bytes packet(headers + payload, std::byte{0x5a});
  wire::build_ipv4(packet, {.total_length = packet.size(),
                            .protocol = wire::ip_protocol_udp,
                            .source = 0x0a280007,
                            .destination = 0x0a1e0001});
  wire::build_udp(wire::MutableBytes(packet).subspan(sizeof(wire::Ipv4Header)),
                  {.source_port = 1000, .destination_port = 2000, .payload_length = payload});
  return packet;
}

End::End()
    : engine(*crypto::make_engine(crypto::EngineChoice::automatic)), tunnel(*engine), path(*engine, tunnel) {}

void End::fill(const std::vector<Bytes>& packets, std::uint16_t ether_type) {
  burst_.reset(static_cast<unsigned>(packets.size()));
  for (unsigned i = 0; i < packets.size(); ++i) {
    std::ranges::copy(packets[i], buffers_.start(i));
    buffers_.attach(burst_, i, packets[i].size(), ether_type);
  }
}

std::vector<Bytes> End::live() {
  std::vector<Bytes> all;
  for (const dataplane::Packet& packet : burst_.live())
    all.emplace_back(packet.data, packet.data + packet.length);
  return all;
}

std::vector<Bytes> End::encapsulate(const std::vector<Bytes>& inner, std::uint16_t ether_type) {
  fill(inner, ether_type);
  path.encapsulate(burst_);
  path.count_sent(burst_);
  return live();
}

std::vector<Bytes> End::decapsulate(const std::vector<Bytes>& datagrams) {
  fill(datagrams, 0);
  path.decapsulate(burst_);
  path.count_received(burst_);
  return live();
}

ClientEnd::ClientEnd(const config::StaticPeer& peer) {
  const PeerParameters mine = mirror(peer);
  must(tunnel.add_inbound(mine.inbound, mine.replay_window));
  must(tunnel.set_outbound(mine.outbound, 1));
  tunnel.open_session(mine.session);
}

GatewayEnd::GatewayEnd(const config::StaticPeer& peer) {
  must(tunnel.add_inbound(parameters(peer, peer.inbound), peer.replay_window));
  must(tunnel.set_outbound(parameters(peer, peer.outbound), 1));
  tunnel.open_session({.gateway_tunnel = peer.peer_tunnel,
                       .gateway_session = peer.peer_session,
                       .client_tunnel = peer.tunnel,
                       .client_session = peer.session});
  tunnel.find_inbound(peer.inbound.spi)->l2tp_port = dataplane::L2tpPort::destination;
}

}  // namespace espgate::client::test
