// SPDX-License-Identifier: Apache-2.0
// What control says inside an SA, from the ticket to the frame, and back through the gateway's inbound path:
// both ends are the real stages.
#include "dataplane/stages/control_push.h"

#include "dataplane/stages/esp_encrypt.h"
#include "dataplane/stages/esp_push.h"
#include "dataplane/stages/outer_push.h"
#include "tests/unit/dataplane/test_burst.h"
#include "wire/l2tp.h"
#include "wire/udp.h"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

// An L2TP control message in UDP, with the ticket in front.
Datagram ticketed(const OutboundTicket& ticket, std::uint16_t tunnel = 7) {
  constexpr std::size_t payload = 40;
  constexpr std::size_t l2tp = wire::l2tp_control_header_length + payload;
  Datagram packet(sizeof ticket + sizeof(wire::UdpHeader) + l2tp, std::byte{0x11});
  std::memcpy(packet.data(), &ticket, sizeof ticket);
  const auto udp = wire::MutableBytes(packet).subspan(sizeof ticket);
  wire::build_udp(udp, {.source_port = 1701, .destination_port = 1701, .payload_length = l2tp});
  wire::build_l2tp_control(udp.subspan(sizeof(wire::UdpHeader)), {.tunnel_id = tunnel, .ns = 3}, payload);
  return packet;
}

class ControlPushTest : public testing::Test {
 protected:
  ControlPushTest() {
    client.client_sa.slot = 5;
    table.publish(client.client_sa);
  }

  TestGateway gateway;
  Client& client = gateway.add_client();
  OutboundTable table{16};
};

TEST_F(ControlPushTest, a_message_arrives_whole_and_as_l2tp_control) {
  const Datagram sent = ticketed(*table.ticket(5));
  TestBurst packets({sent, sent});
  control_push(packets.burst, table);
  EXPECT_EQ(packets.burst[0].outbound_sa, &client.client_sa);
  EXPECT_EQ(packets.burst[0].session, nullptr);
  JobBatch jobs;
  esp_push(packets.burst);
  esp_encrypt(packets.burst, jobs, *gateway.engine);
  outer_push(packets.burst);
  const auto frames = live_bytes(packets.burst);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_NE(frames[0], frames[1]) << "each has a sequence number of its own";

  Burst& received = gateway.receive(frames);
  ASSERT_EQ(outcome(received, 0), as_text(Punt::l2tp_control));
  EXPECT_EQ(outcome(received, 1), as_text(Punt::l2tp_control));
  const Packet& packet = received[0];
  const auto message = wire::Bytes(sent).subspan(sizeof(OutboundTicket) + sizeof(wire::UdpHeader));
  EXPECT_TRUE(std::ranges::equal(packet.bytes(), message));
}

TEST_F(ControlPushTest, an_sa_that_is_gone_drops_the_message) {
  const OutboundTicket ticket = *table.ticket(5);
  table.withdraw(5);
  EXPECT_FALSE(table.ticket(5));
  TestBurst packets({ticketed(ticket)});
  control_push(packets.burst, table);
  EXPECT_EQ(packets.outcome(), as_text(DropReason::control_no_sa));
}

TEST_F(ControlPushTest, an_sa_that_has_the_slot_now_does_not_send_what_was_meant_for_another) {
  const OutboundTicket old = *table.ticket(5);
  table.withdraw(5);
  OutboundSa other;
  other.slot = 5;
  table.publish(other);
  ASSERT_NE(*table.ticket(5), old);
  TestBurst packets({ticketed(old), ticketed(*table.ticket(5))});
  control_push(packets.burst, table);
  EXPECT_EQ(packets.outcome(0), as_text(DropReason::control_no_sa));
  EXPECT_EQ(packets.burst[1].outbound_sa, &other);
}

TEST_F(ControlPushTest, a_slot_beyond_the_table_is_no_sa) {
  EXPECT_FALSE(table.ticket(16));
  TestBurst packets({ticketed({16, 1}), ticketed({0xffff'ffff, 1}), ticketed({6, 0})});
  control_push(packets.burst, table);
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(packets.outcome(i), as_text(DropReason::control_no_sa));
}

TEST_F(ControlPushTest, a_buffer_without_room_is_not_written_beyond) {
  TestBurst packets({ticketed(*table.ticket(5)), ticketed(*table.ticket(5))});
  packets.burst[0].headroom = 64;
  packets.burst[1].tailroom = 8;
  control_push(packets.burst, table);
  EXPECT_EQ(packets.outcome(0), as_text(DropReason::no_headroom));
  EXPECT_EQ(packets.outcome(1), as_text(DropReason::no_headroom));
}

TEST_F(ControlPushTest, an_sa_at_the_end_of_its_numbers_sends_nothing_more_and_never_wraps) {
  client.client_sa.next_sequence = 0xffff'fffe;
  std::vector<Datagram> sent(5, ticketed(*table.ticket(5)));
  TestBurst packets(sent);
  control_push(packets.burst, table);
  esp_push(packets.burst);
  EXPECT_EQ(packets.burst.live_count(), 2u);
  EXPECT_EQ(packets.burst[1].sequence, 0xffff'ffffu);
  EXPECT_EQ(packets.outcome(2), as_text(DropReason::sequence_exhausted));
  TestBurst more(sent);
  control_push(more.burst, table);
  esp_push(more.burst);
  EXPECT_EQ(more.burst.live_count(), 0u);
}

}  // namespace
}  // namespace espgate::dataplane::test
