// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
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
