// SPDX-License-Identifier: Apache-2.0
// Who may tell us what by ARP; the network is drawn in neighbours_fixture.h.
#include "tests/unit/dataplane/neighbours_fixture.h"

namespace espgate::dataplane::test {
namespace {

TEST_F(NeighboursTest, requests_for_our_address_are_answered_and_the_asker_is_learnt) {
  ask_for(own_inside, host, host_mac);
  const auto replies = sent();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].destination, host_mac);
  EXPECT_EQ(replies[0].message,
            (wire::ArpMessage{wire::ArpOperation::reply, own_mac, own_inside, host_mac, host}));
  EXPECT_NE(routes_.lookup_one(host), no_next_hop);
}

TEST_F(NeighboursTest, requests_for_others_are_neither_answered_nor_learnt_from) {
  ask_for(other_host, host, host_mac);
  ask_for(own_outside, host, host_mac);
  EXPECT_TRUE(sent().empty());
  EXPECT_TRUE(neighbours_->list(now_).empty());
  EXPECT_EQ(neighbours_->counters().ignored, 2u);
}

TEST_F(NeighboursTest, answers_that_nobody_asked_for_are_ignored) {
  answer();
  ask_for(host, host, host_mac);  // gratuitous
  EXPECT_TRUE(neighbours_->list(now_).empty());
  EXPECT_EQ(neighbours_->counters().ignored, 2u);
}

TEST_F(NeighboursTest, a_probe_for_our_address_is_answered_and_teaches_nothing) {
  ask_for(own_inside, 0, host_mac);
  EXPECT_EQ(sent().size(), 1u);
  EXPECT_TRUE(neighbours_->list(now_).empty());
}

TEST_F(NeighboursTest, an_asker_from_another_network_is_answered_and_not_learnt) {
  ask_for(own_inside, 0x08080808, host_mac);
  EXPECT_EQ(sent().size(), 1u);
  EXPECT_TRUE(neighbours_->list(now_).empty());
}

TEST_F(NeighboursTest, nobody_takes_our_own_address) {
  answer(own_inside, host_mac);
  ask_for(host, own_inside, host_mac);
  ask_for(own_inside, own_inside, host_mac);
  answer(own_outside, host_mac);
  EXPECT_EQ(neighbours_->counters().conflicts, 4u);
  EXPECT_TRUE(neighbours_->list(now_).empty());
  const auto defence = sent();
  ASSERT_EQ(defence.size(), 1u) << "said once, not four times";
  EXPECT_EQ(defence[0].message,
            (wire::ArpMessage{wire::ArpOperation::request, own_mac, own_inside, {}, own_inside}));
  now_ += 11 * second;
  answer(own_inside, host_mac);
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(NeighboursTest, an_address_of_another_port_is_nobodys_either_but_not_defended_here) {
  answer(own_outside, host_mac);
  EXPECT_EQ(neighbours_->counters().conflicts, 1u);
  EXPECT_TRUE(sent().empty());
}

TEST_F(NeighboursTest, a_port_without_address_answers_and_asks_nobody) {
  const NextHopId glean = neighbours_->add_port({4, mac(4), {}});
  neighbours_->on_arp(4, {wire::ArpOperation::request, host_mac, host, {}, 0}, now_);
  neighbours_->on_arp(4, {wire::ArpOperation::request, host_mac, 0, {}, 0}, now_);
  neighbours_->on_unresolved(packet(1), glean, host, now_);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(neighbours_->counters().conflicts, 0u);
  EXPECT_EQ(dropped_numbers().size(), 1u);
}

TEST_F(NeighboursTest, our_own_messages_that_come_back_are_no_conflict) {
  ask_for(own_inside, own_inside, own_mac);
  neighbours_->on_arp(inside, {wire::ArpOperation::request, own_outside_mac, own_outside, {}, own_outside},
                      now_);
  EXPECT_EQ(neighbours_->counters().conflicts, 0u);
  EXPECT_TRUE(sent().empty());
}

TEST_F(NeighboursTest, a_link_address_that_is_not_one_hosts_is_not_believed) {
  unresolved(1);
  sent();
  answer(host, wire::broadcast_mac);
  answer(host, {});
  ask_for(own_inside, host, {{std::byte{1}}});
  EXPECT_TRUE(released_.empty());
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(row(host)->state, Neighbours::State::incomplete);
}

TEST_F(NeighboursTest, what_comes_on_an_unknown_port_or_for_another_ports_neighbour_counts_for_nothing) {
  unresolved(1);
  neighbours_->on_arp(9, {wire::ArpOperation::reply, host_mac, host, own_mac, own_inside}, now_);
  neighbours_->on_arp(outside, {wire::ArpOperation::reply, host_mac, host, own_mac, own_inside}, now_);
  EXPECT_TRUE(released_.empty());
}

TEST_F(NeighboursTest, spoofed_requests_take_no_more_than_half_of_the_places) {
  EXPECT_EQ(neighbours_->add_port({inside, own_mac, {own_inside, 16}}), glean_);
  for (std::uint32_t i = 0; i < 3000; ++i) ask_for(own_inside, 0x0a1e1000 + i, mac(0x1000 + i));
  EXPECT_EQ(neighbours_->list(now_).size(), Neighbours::max_hosts / 2);
  unresolved(1, host);
  answer();
  EXPECT_EQ(released_.size(), 1u);
  pass(64);
  EXPECT_LE(neighbours_->list(now_).size(), 1u) << "and they age as others do";
  ask_for(own_inside, 0x0a1e1000, mac(5));
  EXPECT_TRUE(row(0x0a1e1000)) << "their places are free again";
}

}  // namespace
}  // namespace espgate::dataplane::test
