// SPDX-License-Identifier: Apache-2.0
// L2TP and PPP between a client and a control process, through a data plane that runs: what comes in an SA is
// told with everything that control needs to answer, and answers leave in the SA or not at all.
#include "tests/unit/cli/command_line.h"
#include "tests/unit/live/installed.h"
#include "tests/unit/live/pcap_gateway.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace espgate::dataplane::live::test {
namespace {

using channel::Direction;
using channel::EventType;
using channel::PacketKind;
using channel::PacketRecord;
using channel::Result;

constexpr std::uint32_t slot = 5;
constexpr std::uint16_t tunnel = 3, session = 1;

PacketRecord to_client(PacketKind kind, std::uint32_t peer = 1) {
  PacketRecord record;
  record.kind = kind;
  record.peer_id = peer;
  record.slot = slot;
  record.tunnel = tunnel;
  record.session = session;
  return record;
}

Datagram lcp(unsigned id) { return bytes_of({0xc0, 0x21, 9, id, 0, 8, 1, 2, 3, 4}); }
Datagram with_address(const Datagram& frame) {
  Datagram all = bytes_of({0xff, 0x03});
  all.insert(all.end(), frame.begin(), frame.end());
  return all;
}

constexpr std::uint32_t dhcp_client = 0x0a28'0002;

// What passes for one on the way: an IPv4 packet with UDP to that port.
Datagram dhcp_question(std::uint32_t destination, std::uint16_t port, std::uint32_t source = dhcp_client) {
  Datagram packet(sizeof(wire::Ipv4Header) + sizeof(wire::UdpHeader) + 240);
  wire::build_ipv4(packet, {.total_length = packet.size(),
                            .protocol = wire::ip_protocol_udp,
                            .source = source,
                            .destination = destination});
  wire::build_udp(std::span(packet).subspan(sizeof(wire::Ipv4Header)),
                  {.source_port = 68, .destination_port = port, .payload_length = 240});
  return packet;
}

Datagram ppp_ip(const Datagram& packet) {
  Datagram frame = bytes_of({0x00, 0x21});
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

class ControlPackets : public testing::TestWithParam<unsigned> {
 protected:
  // The client speaks before its user is authenticated: the session has no address yet. Peer 1 belongs to
  // worker 1 % workers; the only queue of the outside port to worker 0.
  void install(PcapGateway& gateway) const {
    ASSERT_EQ(gateway.apply(peer_command(1)), Result::ok);
    ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::outbound, "aes256-sha256")), Result::ok);
    channel::Command early = session_command(1, tunnel, 0, slot);
    early.session_update.inner = {};
    early.session_update.open = false;
    ASSERT_EQ(gateway.apply(early), Result::ok);
    ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::inbound, "aes256-sha256")), Result::ok);
  }
  unsigned owner() const { return 1 % GetParam(); }

  PcapClient client{slot};
};

TEST_P(ControlPackets, what_a_client_says_is_told_with_peer_slot_ports_and_ids) {
  const Datagram sccrq = l2tp_control_message(0, 0);
  const Datagram hello = l2tp_control_message(tunnel, 7);
  PcapGateway gateway({.workers = GetParam(),
                       .outside = {client.frame(sccrq, 50001), client.frame(hello),
                                   client.frame(l2tp_data_message(tunnel, session, with_address(lcp(1)))),
                                   client.frame(l2tp_data_message(tunnel, session, lcp(2)), 50002)}});
  install(gateway);
  gateway.wait_until([&] { return gateway.packets.size() >= 4; });
  ASSERT_EQ(gateway.packets.size(), 4u) << "what comes again is a replay";
  std::ranges::sort(gateway.packets, {}, [&](const auto& packet) {
    return std::pair(packet.header.kind, std::pair(packet.header.tunnel, packet.bytes));
  });
  const auto expect = [&](std::size_t at, PacketKind kind, const Datagram& bytes, std::uint16_t port,
                          std::uint16_t its_tunnel, std::uint16_t its_session) {
    SCOPED_TRACE(at);
    const auto& [worker, header, told] = gateway.packets[at];
    EXPECT_EQ(worker, owner());
    EXPECT_EQ(header.kind, kind);
    EXPECT_EQ(told, bytes);
    EXPECT_EQ(header.peer_id, 1u);
    EXPECT_EQ(header.slot, slot);
    EXPECT_EQ(header.remote_port, port) << "of the UDP inside";
    EXPECT_EQ(header.local_port, 1701);
    EXPECT_EQ(header.tunnel, its_tunnel);
    EXPECT_EQ(header.session, its_session);
    EXPECT_EQ(wire::IpAddress(header.remote).as_v4(), client_address);
  };
  expect(0, PacketKind::l2tp_control, sccrq, 50001, 0, 0);
  expect(1, PacketKind::l2tp_control, hello, 1701, tunnel, 0);
  expect(2, PacketKind::ppp_control, lcp(1), 1701, tunnel, session);
  expect(3, PacketKind::ppp_control, lcp(2), 50002, tunnel, session);
  gateway.stop();
}

// Windows and macOS ask for routes as soon as IPCP is open. The protocol field comes in either length.
TEST_P(ControlPackets, what_a_client_asks_by_dhcp_is_told_as_a_ppp_frame) {
  constexpr std::uint32_t broadcast = 0xffff'ffff, own = 0x0a1e'0001, elsewhere = 0x0a28'0001;
  const Datagram asked = dhcp_question(broadcast, 67), asked_us = dhcp_question(own, 67);
  const Datagram short_field = bytes_of({0x21});
  Datagram compressed = short_field;
  compressed.insert(compressed.end(), asked_us.begin(), asked_us.end());
  PcapGateway gateway(
      {.workers = GetParam(),
       .outside = {client.frame(l2tp_data_message(tunnel, session, with_address(ppp_ip(asked)))),
                   client.frame(l2tp_data_message(tunnel, session, compressed)),
                   client.frame(l2tp_data_message(tunnel, session, ppp_ip(dhcp_question(broadcast, 137)))),
                   client.frame(l2tp_data_message(tunnel, session,
                                                  ppp_ip(dhcp_question(elsewhere, 67, 0x0a28'0009))))}});
  ASSERT_EQ(gateway.apply(peer_command(1)), Result::ok);
  ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::outbound, "aes256-sha256")), Result::ok);
  ASSERT_EQ(gateway.apply(session_command(1, tunnel, dhcp_client, slot)), Result::ok);
  ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::inbound, "aes256-sha256")), Result::ok);
  gateway.wait_until([&] { return gateway.packets.size() >= 2 && gateway.drops("local_unwanted") > 0; });
  gateway.stop();
  ASSERT_EQ(gateway.packets.size(), 2u) << "neither another port, nor somebody else's address";
  std::ranges::sort(gateway.packets, {}, [](const auto& packet) { return packet.bytes; });
  std::vector<Datagram> expected{ppp_ip(asked), ppp_ip(asked_us)};
  std::ranges::sort(expected);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& [worker, header, told] = gateway.packets[i];
    EXPECT_EQ(header.kind, PacketKind::ppp_control);
    EXPECT_EQ(header.session, session);
    EXPECT_EQ(header.tunnel, tunnel);
    EXPECT_EQ(told, expected[i]);
  }
}

TEST_P(ControlPackets, what_control_says_leaves_in_the_sa_of_the_peer) {
  const Datagram sccrq = l2tp_control_message(0, 0);
  PcapGateway gateway({.workers = GetParam(), .outside = {client.frame(sccrq, 50001)}});
  install(gateway);
  gateway.wait_until([&] { return !gateway.packets.empty(); });
  const Datagram message = l2tp_control_message(77, 1);
  gateway.send(to_client(PacketKind::l2tp_control), message);
  PacketRecord to_1701 = to_client(PacketKind::l2tp_control);
  to_1701.remote_port = 1701;
  gateway.send(to_1701, message);
  gateway.send(to_client(PacketKind::ppp_control), lcp(3));
  const auto next_sequence = [&] {
    const auto answer = gateway.ask({{"command", "sa"}});
    for (const auto& row : answer.at("sas"))
      if (row.at("direction") == "out") return row.at("next_sequence").get<std::uint64_t>();
    return std::uint64_t{0};
  };
  gateway.wait_until([&] { return next_sequence() == 4; });
  gateway.stop();

  const auto frames = gateway.sent("outside");
  ASSERT_EQ(frames.size(), 3u);
  std::vector<Datagram> said;
  for (const Datagram& frame : frames) said.push_back(client.open(frame));
  const auto udp = [](const Datagram& payload, unsigned port) {
    Datagram all = bytes_of({0x06, 0xa5, port >> 8, port & 0xff, 0, unsigned(8 + payload.size()), 0, 0});
    all.insert(all.end(), payload.begin(), payload.end());
    return all;
  };
  EXPECT_EQ(said[0], udp(message, 50001)) << "to where its last message came from";
  EXPECT_EQ(said[1], udp(message, 1701));
  EXPECT_EQ(said[2], udp(l2tp_data_message(77, 88, with_address(lcp(3))), 1701));
}

TEST_P(ControlPackets, when_the_sa_is_gone_nothing_leaves) {
  PcapGateway gateway({.workers = GetParam()});
  install(gateway);
  const auto speak = [&](std::uint32_t peer = 1) {
    gateway.send(to_client(PacketKind::l2tp_control, peer), l2tp_control_message(77, 1));
    gateway.send(to_client(PacketKind::ppp_control, peer), lcp(1));
  };
  speak(2);
  gateway.wait_until([&] { return gateway.drops("control_no_sa") == 2; });
  ASSERT_EQ(gateway.apply(sa_delete_command(slot, Direction::outbound)), Result::ok);
  speak();
  gateway.wait_until([&] { return gateway.drops("control_no_sa") == 4; });
  ASSERT_EQ(gateway.apply(sa_delete_command(slot, Direction::inbound)), Result::ok);
  speak();
  gateway.wait_until([&] { return gateway.drops("control_no_sa") == 6; });
  gateway.stop();
  EXPECT_TRUE(gateway.sent("outside").empty()) << "not even in clear";
  EXPECT_TRUE(gateway.sent("inside").empty());
}

// Commands and packets come by two rings, so any of the messages may find the SA gone; each is sent in the SA
// or counted as dropped, and none is lost, sent in clear or by what has the slot now.
TEST_P(ControlPackets, an_sa_that_goes_while_control_speaks_sends_each_message_protected_or_not_at_all) {
  PcapGateway gateway({.workers = GetParam()});
  install(gateway);
  constexpr unsigned rounds = 20, burst = 20;
  for (unsigned round = 0; round < rounds; ++round) {
    for (unsigned i = 0; i < burst; ++i)
      gateway.send(to_client(PacketKind::l2tp_control),
                   l2tp_control_message(77, static_cast<std::uint16_t>(i)));
    ASSERT_EQ(gateway.apply(sa_delete_command(slot, Direction::outbound)), Result::ok);
    channel::Command again = sa_command(1, slot, Direction::outbound, "aes256-sha256");
    again.sa_add.sequence = 1 + std::uint64_t{round + 1} * burst;
    ASSERT_EQ(gateway.apply(again), Result::ok);
  }
  const auto out_packets = [&] { return gateway.ask({{"command", "port"}}); };
  std::uint64_t dropped = 0, sent = 0;
  gateway.wait_until([&] {
    dropped = gateway.drops("control_no_sa");
    sent = 0;
    const auto answer = out_packets();
    for (const auto& port : answer.at("ports"))
      if (port.at("name") == "outside") sent = port.at("counters").at("sent").get<std::uint64_t>();
    return dropped + sent >= rounds * burst;
  });
  gateway.stop();
  const auto frames = gateway.sent("outside");
  EXPECT_EQ(frames.size() + dropped, rounds * burst);
  for (const Datagram& frame : frames) EXPECT_FALSE(client.open(frame).empty()) << "protected, and once only";
}

TEST_P(ControlPackets, at_the_end_of_its_sequence_numbers_an_sa_stops_and_control_hears_of_it) {
  PcapGateway gateway({.workers = GetParam()});
  ASSERT_EQ(gateway.apply(peer_command(1)), Result::ok);
  channel::Command last = sa_command(1, slot, Direction::outbound, "aes256-sha256");
  last.sa_add.sequence = 0xffff'fffa;
  last.sa_add.last_sequence = ~std::uint64_t{0};
  ASSERT_EQ(gateway.apply(last), Result::ok);
  for (unsigned i = 0; i < 20; ++i) {
    PacketRecord message = to_client(PacketKind::l2tp_control);
    message.remote_port = 1701;
    gateway.send(message, l2tp_control_message(77, static_cast<std::uint16_t>(i)));
  }
  gateway.wait_until([&] {
    return std::ranges::any_of(gateway.events, [](const channel::Event& event) {
      return event.type == EventType::hard_life && event.direction == Direction::outbound;
    });
  });
  gateway.wait_until(
      [&] { return gateway.drops("sequence_exhausted") + gateway.drops("control_no_sa") == 14; });
  gateway.send(to_client(PacketKind::l2tp_control), l2tp_control_message(77, 99));
  gateway.wait_until([&] { return gateway.drops("control_no_sa") > 0; });
  gateway.stop();
  EXPECT_EQ(gateway.sent("outside").size(), 6u) << "0xfffffffa to 0xffffffff";
}

INSTANTIATE_TEST_SUITE_P(Workers, ControlPackets, testing::Values(1, 2));

TEST(ControlPacketsTrace, shows_the_hand_over_to_the_owner) {
  PcapClient client(slot);
  std::vector<Datagram> frames;
  for (std::uint16_t i = 0; i < 2; ++i) frames.push_back(client.frame(l2tp_control_message(tunnel, i)));
  // Frames for somebody else between them, or the worker that receives would fill the trace by itself.
  frames.resize(3000, Datagram(60, std::byte{2}));
  PcapGateway gateway({.workers = 2, .outside = frames});
  ASSERT_EQ(gateway.apply(peer_command(1)), Result::ok);
  ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::outbound, "aes256-sha256")), Result::ok);
  ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::inbound, "aes256-sha256")), Result::ok);
  const auto trace = [&](std::uint32_t spi) {
    return cli::espgate({"trace", "--spi", std::to_string(spi), "-n", "200", "--seconds", "20",
                         "--runtime-directory", gateway.runtime_directory()});
  };
  const cli::Answer inbound = trace(spi_of(slot, Direction::inbound));
  EXPECT_EQ(inbound.exit_code, 0) << inbound.err;
  EXPECT_THAT(inbound.out, testing::HasSubstr("goes on at the worker that owns the SA"));
  EXPECT_THAT(inbound.out, testing::HasSubstr("from: handed over by another worker"));
  EXPECT_THAT(inbound.out, testing::HasSubstr("esp_replayed")) << "its file is played again and again";
  gateway.stop();
}

}  // namespace
}  // namespace espgate::dataplane::live::test
