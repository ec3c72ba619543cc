// SPDX-License-Identifier: Apache-2.0
#include "dataplane/session_state.h"
#include "dataplane/stages/esp_push.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "tests/unit/dataplane/test_burst.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/l2tp.h"
#include "wire/ppp.h"
#include "wire/udp.h"

#include <set>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

constexpr std::uint32_t host = 0x0a1e000a;

class OutboundPathTest : public testing::Test {
 protected:
  TestGateway gateway_;
};

TEST_F(OutboundPathTest, outer_headers_agree_with_the_packet) {
  for (const bool udp : {true, false}) {
    Client& client = gateway_.add_client(
        {.outer = {.source = 0xc0000201, .destination = 0xc0000202, .udp = udp, .source_port = 4501}});
    for (const std::size_t payload : {0u, 1u, 15u, 16u, 1372u}) {
      const auto frame = gateway_.send(client, {inner_packet(client.inner_address, host, payload)})[0];
      const auto ethernet = wire::EthernetFrame::parse(frame);
      ASSERT_TRUE(ethernet && ethernet->ether_type() == wire::ether_type_ipv4);
      const auto ip = wire::Ipv4Packet::parse(ethernet->payload());
      ASSERT_TRUE(ip);
      EXPECT_EQ(ip->total_length(), ethernet->payload().size());
      EXPECT_TRUE(ip->header_checksum_valid());
      EXPECT_TRUE(ip->dont_fragment());
      EXPECT_EQ(ip->protocol(), udp ? wire::ip_protocol_udp : wire::ip_protocol_esp);
      if (!udp) continue;
      const auto datagram = wire::UdpDatagram::parse(ip->payload());
      ASSERT_TRUE(datagram);
      EXPECT_EQ(datagram->length(), ip->payload().size());
      EXPECT_EQ(datagram->source_port(), 4501);
      EXPECT_EQ(datagram->destination_port(), 4500);
      EXPECT_EQ(datagram->checksum(), 0);
    }
  }
}

TEST_F(OutboundPathTest, sequence_numbers_start_at_one_and_stop_before_they_wrap) {
  Client& client = gateway_.add_client({.suite = "aes128gcm16"});
  const auto packet = inner_packet(client.inner_address, host, 10);
  const auto first = gateway_.send(client, {packet})[0];
  EXPECT_EQ(wire::load_header<wire::EspHeader>(first.data() + 42).sequence.host(), 1u);
  client.client_sa.next_sequence = 0xffff'ffff;
  EXPECT_EQ(gateway_.send(client, {packet, packet, packet}).size(), 1u);
  const auto exhausted = static_cast<std::size_t>(DropReason::sequence_exhausted);
  EXPECT_EQ(gateway_.client_stats.drops[exhausted], 2u);
  EXPECT_TRUE(gateway_.send(client, {packet}).empty());
}

TEST_F(OutboundPathTest, extended_sequence_numbers_stop_before_they_wrap_too) {
  Client& client = gateway_.add_client({.suite = "aes128gcm16", .esn = true});
  const auto packet = inner_packet(client.inner_address, host, 10);
  client.client_sa.next_sequence = ~std::uint64_t{0};
  EXPECT_EQ(gateway_.send(client, {packet, packet}).size(), 1u);
}

TEST_F(OutboundPathTest, equal_plaintexts_give_ivs_that_never_repeat) {
  Client& client = gateway_.add_client({.suite = "aes256-sha256"});
  const std::vector<Datagram> burst(64, inner_packet(client.inner_address, host, 100));
  std::set<Datagram> ivs;
  for (int i = 0; i < 100; ++i)
    for (const Datagram& frame : gateway_.send(client, burst))
      ivs.emplace(frame.begin() + 50, frame.begin() + 66);
  EXPECT_EQ(ivs.size(), 6400u);
}

TEST_F(OutboundPathTest, what_would_not_fit_is_dropped_and_costs_no_sequence_number) {
  Client& client = gateway_.add_client({.suite = "aes256-sha1"});
  client.client_sa.max_packet_bytes = 1500;
  // The largest inner packet for this suite, with FF 03 and no L2TP length, is 1404 bytes.
  EXPECT_EQ(gateway_.send(client, {inner_packet(client.inner_address, host, 1404 - 28)}).size(), 1u);
  EXPECT_EQ(gateway_.send(client, {inner_packet(client.inner_address, host, 1405 - 28)}).size(), 0u);
  EXPECT_EQ(client.client_sa.next_sequence, 2u);
}

TEST_F(OutboundPathTest, sessions_are_found_by_inner_destination) {
  Client& client = gateway_.add_client();
  Client& closed = gateway_.add_client();
  SessionTable sessions(0x0a280000, 256);
  sessions.set(client.inner_address, {&client.client_session, &client.client_sa});
  sessions.set(closed.inner_address, {&closed.client_session, nullptr});
  Burst burst;
  Buffers buffers;
  buffers.fill(burst,
               {inner_packet(host, client.inner_address, 50), inner_packet(host, closed.inner_address, 50),
                inner_packet(host, 0x0a2800ff, 50), inner_packet(host, 0x08080808, 50), Datagram(7)});
  WorkerStats stats;
  OutboundPath({.sessions = &sessions, .engine = *gateway_.engine, .stats = stats}).run(burst);
  EXPECT_TRUE(burst.is_live(0));
  EXPECT_EQ(burst.drop_reason(burst[1]), DropReason::session_closed);
  EXPECT_EQ(burst.drop_reason(burst[2]), DropReason::no_session);
  EXPECT_EQ(burst.drop_reason(burst[3]), DropReason::no_session);
  EXPECT_EQ(burst.drop_reason(burst[4]), DropReason::inner_ip_malformed);
}

// RFC 2661 §5.4. The longest header of all: it fills SessionHeader.
TEST_F(OutboundPathTest, data_messages_are_numbered_where_the_client_has_asked_for_it) {
  for (const bool length_field : {true, false}) {
    Client& client = gateway_.add_client(
        {.l2tp = {.tunnel = 7, .session = 9, .length_field = length_field, .sequencing = true}});
    SessionState state;
    state.next_ns = 0xffff;
    client.client_session.state = &state;
    const Datagram inner = inner_packet(client.inner_address, host, 50);
    TestBurst packets({inner, inner, inner});
    for (Packet& packet : packets.burst.live()) {
      packet.session = &client.client_session;
      packet.outbound_sa = &client.client_sa;
    }
    ppp_l2tp_push(packets.burst);
    for (unsigned i = 0; i < 3; ++i) {
      const Datagram pushed = packets.bytes(i);
      ASSERT_EQ(pushed.size(), inner.size() + (length_field ? 24 : 22));
      const auto udp = wire::UdpDatagram::parse(pushed);
      ASSERT_TRUE(udp);
      const auto l2tp = wire::L2tpHeader::parse(udp->payload());
      ASSERT_TRUE(l2tp && l2tp->has_sequence());
      EXPECT_EQ(l2tp->has_length(), length_field);
      EXPECT_EQ(l2tp->tunnel_id(), 7);
      EXPECT_EQ(l2tp->session_id(), 9);
      EXPECT_EQ(l2tp->ns(), static_cast<std::uint16_t>(0xffff + i)) << "behind 65535 comes 0";
      EXPECT_EQ(l2tp->nr(), 0);
      EXPECT_EQ(l2tp->payload().size(), inner.size() + 4);
    }
    EXPECT_EQ(state.next_ns, 2);
    Burst& received = gateway_.receive(gateway_.send(client, {inner}));
    EXPECT_EQ(outcome(received, 0), "live") << "and we take such messages ourselves";
  }
}

TEST_F(OutboundPathTest, a_session_without_numbers_has_none) {
  Client& client = gateway_.add_client();
  EXPECT_EQ(client.client_session.header.l2tp_ns_offset, 0);
  const auto l2tp = wire::L2tpHeader::parse(
      wire::Bytes(client.client_session.header.bytes).subspan(SessionHeader::capacity - 10, 6));
  ASSERT_TRUE(l2tp);
  EXPECT_FALSE(l2tp->has_sequence());
}

TEST_F(OutboundPathTest, how_far_an_sa_has_counted_is_stored_with_what_it_has_carried) {
  Client& client = gateway_.add_client();
  client.client_sa.slot = 3;
  client.client_sa.next_sequence = 70;
  std::vector<channel::SaProgress> progress(4);
  TestBurst packets({Datagram(100), Datagram(60)}, 0);
  for (Packet& packet : packets.burst.live()) packet.outbound_sa = &client.client_sa;
  esp_push(packets.burst, progress);
  EXPECT_EQ(progress[3].outbound_next, 72u);
  EXPECT_EQ(progress[3].outbound_packets, 2u);
  EXPECT_EQ(progress[3].outbound_bytes, 160u);
  EXPECT_EQ(progress[3].inbound_packets, 0u);
  EXPECT_EQ(progress[2].outbound_packets, 0u);
}

TEST_F(OutboundPathTest, a_buffer_without_room_is_dropped_by_name) {
  Client& client = gateway_.add_client();
  Burst burst;
  Buffers buffers;
  buffers.fill(burst, {inner_packet(host, client.inner_address, 50)});
  burst[0].session = &client.client_session;
  burst[0].outbound_sa = &client.client_sa;
  burst[0].headroom = 64;
  WorkerStats stats;
  OutboundPath({.sessions = nullptr, .engine = *gateway_.engine, .stats = stats}).run(burst);
  EXPECT_EQ(burst.drop_reason(burst[0]), DropReason::no_headroom);
}

}  // namespace
}  // namespace espgate::dataplane::test
