// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/test_gateway.h"

#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>
#include <stdexcept>

namespace espgate::dataplane::test {

void Buffers::fill(Burst& burst, const std::vector<Datagram>& packets, std::uint16_t ether_type) {
  storage_.clear();
  burst.reset(static_cast<unsigned>(packets.size()));
  for (unsigned i = 0; i < packets.size(); ++i) {
    Datagram& buffer = storage_.emplace_back(headroom + packets[i].size() + tailroom, std::byte{0xa5});
    std::copy(packets[i].begin(), packets[i].end(), buffer.begin() + headroom);
    burst[i] = Packet{};
    burst[i].data = buffer.data() + headroom;
    burst[i].length = static_cast<std::uint32_t>(packets[i].size());
    burst[i].headroom = headroom;
    burst[i].tailroom = tailroom;
    burst[i].ether_type = ether_type;
  }
}

std::vector<Datagram> live_bytes(Burst& burst) {
  std::vector<Datagram> all;
  for (const Packet& packet : burst.live()) all.emplace_back(packet.data, packet.data + packet.length);
  return all;
}

Datagram inner_packet(std::uint32_t source, std::uint32_t destination, std::size_t payload,
                      unsigned pattern) {
  constexpr std::size_t headers = sizeof(wire::Ipv4Header) + sizeof(wire::UdpHeader);
  Datagram packet(headers + payload);
  wire::build_ipv4(packet, {.total_length = packet.size(),
                            .protocol = wire::ip_protocol_udp,
                            .source = source,
                            .destination = destination});
  wire::build_udp(wire::MutableBytes(packet).subspan(sizeof(wire::Ipv4Header)),
                  {.source_port = 1000, .destination_port = 2000, .payload_length = payload});
  for (std::size_t i = 0; i < payload; ++i) packet[headers + i] = std::byte((i * 7 + pattern) & 0xff);
  return packet;
}

TestGateway::TestGateway(crypto::EngineChoice choice) {
  auto made = crypto::make_engine(choice);
  if (!made) throw std::runtime_error(made.error());
  engine = std::move(*made);
}

Client& TestGateway::add_client(const ClientOptions& options) {
  Client& client = clients_.emplace_back(options.window_packets);
  const auto slot = static_cast<std::uint32_t>(clients_.size());
  client.inner_address = 0x0a280000 + slot;
  const crypto::SuiteId suite = *crypto::find_suite(options.suite);
  const crypto::Suite& sizes = crypto::suite(suite);
  std::vector<std::byte> cipher_key(sizes.cipher_key_bytes + sizes.salt_bytes, std::byte(slot));
  // A 3DES key of three equal parts would be weak single DES.
  for (std::size_t i = 0; i < cipher_key.size(); ++i) cipher_key[i] ^= std::byte(i * 13);
  const std::vector<std::byte> integrity_key(sizes.integrity_key_bytes, std::byte(slot + 100));
  client.gateway_key = std::move(*engine->make_key(suite, cipher_key, integrity_key));
  client.client_key = std::move(*engine->make_key(suite, cipher_key, integrity_key));

  client.peer.id = slot;
  client.peer.sessions[0] = &client.session;
  client.session.peer = &client.peer;
  client.session.tunnel_and_session = tunnel_and_session(options.l2tp.tunnel, options.l2tp.session);
  client.session.inner_address = client.inner_address;
  client.session.open_for_ip = true;

  InboundSa& in = sas.add(Spi::make(1, slot, 5), options.window_packets);
  set_suite(in, suite);
  in.key = client.gateway_key.get();
  in.hot_key = HotKey(*in.key, crypto::Direction::decrypt);
  in.peer = &client.peer;
  in.esn = options.esn;
  client.gateway_sa = &in;

  OutboundSa& out = client.client_sa;
  set_suite(out, suite);
  out.spi = in.spi;
  out.key = client.client_key.get();
  out.hot_key = HotKey(*out.key, crypto::Direction::encrypt);
  out.esn = options.esn;
  if (options.esn) out.last_sequence = ~std::uint64_t{0};
  out.max_packet_bytes = 9000;
  set_outer_header(out, options.outer);
  client.client_session.header = make_session_header(options.l2tp);
  return client;
}

std::vector<Datagram> TestGateway::send(Client& client, const std::vector<Datagram>& inner) {
  Burst burst;
  Buffers buffers;
  buffers.fill(burst, inner);
  for (Packet& packet : burst.live()) {
    packet.session = &client.client_session;
    packet.outbound_sa = &client.client_sa;
  }
  OutboundPath path({.sessions = nullptr, .engine = *engine, .stats = client_stats});
  path.run(burst);
  return live_bytes(burst);
}

Burst& TestGateway::receive(const std::vector<Datagram>& frames) {
  buffers_.fill(burst_, frames);
  InboundPath path({.sas = sas, .engine = *engine, .stats = stats});
  path.run(burst_);
  return burst_;
}

}  // namespace espgate::dataplane::test
