// SPDX-License-Identifier: Apache-2.0
// What control says inside an SA, from the ticket to the frame, and back through the gateway's inbound path:
// both ends are the real stages.
#include "dataplane/stages/control_push.h"

#include "dataplane/session_state.h"
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
Datagram ticketed(const OutboundTicket& sa, std::uint16_t tunnel = 7) {
  const ControlTicket ticket{.sa = sa};
  constexpr std::size_t payload = 40;
  constexpr std::size_t l2tp = wire::l2tp_control_header_length + payload;
  Datagram packet(sizeof ticket + sizeof(wire::UdpHeader) + l2tp, std::byte{0x11});
  std::memcpy(packet.data(), &ticket, sizeof ticket);
  const auto udp = wire::MutableBytes(packet).subspan(sizeof ticket);
  wire::build_udp(udp, {.source_port = 1701, .destination_port = 1701, .payload_length = l2tp});
  wire::build_l2tp_control(udp.subspan(sizeof(wire::UdpHeader)), {.tunnel_id = tunnel, .ns = 3}, payload);
  return packet;
}

// A PPP frame in a numbered session, as the manager makes it: Ns is left to the owner worker.
Datagram numbered(const OutboundTicket& sa, std::uint32_t ids, bool length_field) {
  constexpr std::size_t ppp = 12, udp = sizeof(wire::UdpHeader);
  const std::size_t l2tp = length_field ? 12 : 10;
  const ControlTicket ticket{
      .sa = sa,
      .tunnel_and_session = ids,
      .ns_offset = static_cast<std::uint32_t>(udp + wire::l2tp_ns_offset(length_field))};
  Datagram packet(sizeof ticket + udp + l2tp + ppp, std::byte{0xc0});
  std::memcpy(packet.data(), &ticket, sizeof ticket);
  const auto datagram = wire::MutableBytes(packet).subspan(sizeof ticket);
  wire::build_udp(datagram, {.source_port = 1701, .destination_port = 1701, .payload_length = l2tp + ppp});
  wire::build_l2tp_data(
      datagram.subspan(udp),
      {.tunnel_id = 77, .session_id = 88, .length_field = length_field, .sequence = wire::L2tpSequence{}},
      ppp);
  return packet;
}

class ControlPushTest : public testing::Test {
 protected:
  ControlPushTest() {
    client.client_sa.slot = 5;
    table.publish(client.client_sa, client.peer);
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
  const auto message = wire::Bytes(sent).subspan(sizeof(ControlTicket) + sizeof(wire::UdpHeader));
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
  table.publish(other, client.peer);
  ASSERT_NE(*table.ticket(5), old);
  TestBurst packets({ticketed(old), ticketed(*table.ticket(5))});
  control_push(packets.burst, table);
  EXPECT_EQ(packets.outcome(0), as_text(DropReason::control_no_sa));
  EXPECT_EQ(packets.burst[1].outbound_sa, &other);
}

TEST_F(ControlPushTest, a_frame_of_a_numbered_session_gets_its_next_number) {
  SessionState state;
  state.next_ns = 41;
  client.session.state = &state;
  const std::uint32_t ids = client.session.tunnel_and_session;
  TestBurst packets({numbered(*table.ticket(5), ids, false), ticketed(*table.ticket(5)),
                     numbered(*table.ticket(5), ids, true)});
  control_push(packets.burst, table);
  ASSERT_EQ(packets.burst.live_count(), 3u);
  for (const auto& [index, ns] : {std::pair(0U, 41), std::pair(2U, 42)}) {
    const Datagram sent = packets.bytes(index);
    const auto l2tp = wire::L2tpHeader::parse(wire::Bytes(sent).subspan(sizeof(wire::UdpHeader)));
    ASSERT_TRUE(l2tp && l2tp->has_sequence());
    EXPECT_EQ(l2tp->tunnel_id(), 77);
    EXPECT_EQ(l2tp->session_id(), 88);
    EXPECT_EQ(l2tp->ns(), ns);
    EXPECT_EQ(l2tp->nr(), 0);
    EXPECT_EQ(l2tp->payload().size(), 12u);
  }
  EXPECT_EQ(state.next_ns, 43) << "an L2TP control message has numbers of its own";
}

TEST_F(ControlPushTest, a_frame_whose_session_is_gone_is_dropped) {
  const std::uint32_t ids = client.session.tunnel_and_session;
  TestBurst packets({numbered(*table.ticket(5), ids, false), numbered(*table.ticket(5), ids + 1, false)});
  control_push(packets.burst, table);
  EXPECT_EQ(packets.outcome(0), as_text(DropReason::control_no_sa)) << "it has no numbers";
  EXPECT_EQ(packets.outcome(1), as_text(DropReason::control_no_sa));
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
