// SPDX-License-Identifier: Apache-2.0
// Gateways, and the rest; the network is drawn in neighbours_fixture.h.
#include "tests/unit/dataplane/neighbours_fixture.h"

namespace espgate::dataplane::test {
namespace {

TEST_F(NeighboursTest, a_gateway_is_asked_for_at_once_and_kept) {
  const NextHopId hop = neighbours_->add_gateway(outside, router);
  ASSERT_NE(hop, no_next_hop);
  EXPECT_EQ(neighbours_->add_gateway(outside, router), hop) << "the same again";
  EXPECT_EQ(hops_->get(hop).state, NextHop::State::incomplete);
  neighbours_->tick(now_);
  ASSERT_EQ(sent().size(), 1u);
  neighbours_->on_arp(outside, {wire::ArpOperation::reply, router_mac, router, own_outside_mac, own_outside},
                      now_);
  EXPECT_EQ(hops_->get(hop),
            (NextHop{.destination = router_mac, .port = outside, .state = NextHop::State::resolved}));
  EXPECT_TRUE(row(router)->gateway);
  for (int minute = 0; minute < 5; ++minute) {
    pass(60.2);
    EXPECT_EQ(sent().size(), 1u);
    neighbours_->on_arp(outside,
                        {wire::ArpOperation::reply, router_mac, router, own_outside_mac, own_outside}, now_);
  }
  EXPECT_TRUE(retired_.empty());
}

TEST_F(NeighboursTest, packets_wait_for_a_gateway_by_its_hop) {
  const NextHopId hop = neighbours_->add_gateway(outside, router);
  neighbours_->on_unresolved(packet(1), hop, 0x08080808, now_);
  EXPECT_EQ(sent().size(), 1u) << "it does not wait for the tick";
  neighbours_->on_arp(outside, {wire::ArpOperation::reply, router_mac, router, own_outside_mac, own_outside},
                      now_);
  ASSERT_EQ(released_.size(), 1u);
  EXPECT_EQ(released_[0].second, hop);
}

TEST_F(NeighboursTest, a_gateway_that_does_not_answer_is_asked_for_ever_with_rests) {
  const NextHopId hop = neighbours_->add_gateway(outside, router);
  neighbours_->on_unresolved(packet(1), hop, 0x08080808, now_);
  pass(3.2);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{1}));
  neighbours_->on_unresolved(packet(2), hop, 0x08080808, now_);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{2}));
  sent();
  pass(80);
  const std::size_t asked = sent().size();
  EXPECT_GE(asked, 28u);
  EXPECT_LE(asked, 32u) << "three in eight seconds";
  EXPECT_EQ(neighbours_->list(now_).size(), 1u);
}

TEST_F(NeighboursTest, a_gateway_that_went_silent_keeps_its_hop_and_is_found_again_elsewhere) {
  const NextHopId hop = neighbours_->add_gateway(outside, router);
  neighbours_->tick(now_);
  neighbours_->on_arp(outside, {wire::ArpOperation::reply, router_mac, router, own_outside_mac, own_outside},
                      now_);
  sent();
  pass(63.2);
  EXPECT_EQ(hops_->get(hop).state, NextHop::State::incomplete);
  const auto requests = sent();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_EQ(requests[2].destination, router_mac);
  EXPECT_EQ(requests[3].destination, wire::broadcast_mac);
  neighbours_->on_arp(outside, {wire::ArpOperation::reply, mac(77), router, own_outside_mac, own_outside},
                      now_);
  EXPECT_EQ(hops_->get(hop),
            (NextHop{.destination = mac(77), .port = outside, .state = NextHop::State::resolved}));
  EXPECT_TRUE(retired_.empty());
}

TEST_F(NeighboursTest, a_host_that_becomes_a_gateway_and_back_keeps_its_hop) {
  unresolved(1);
  answer();
  const NextHopId hop = routes_.lookup_one(host);
  EXPECT_EQ(neighbours_->add_gateway(inside, host), hop);
  pass(200);
  EXPECT_TRUE(row(host)) << "kept although it is silent";
  answer();
  neighbours_->remove_gateway(hop);
  EXPECT_FALSE(row(host)->gateway);
  pass(64);
  EXPECT_FALSE(row(host));
  EXPECT_EQ(retired_, (std::vector<NextHopId>{hop}));
}

TEST_F(NeighboursTest, a_gateway_that_is_removed_before_it_answered_leaves_nothing) {
  const NextHopId hop = neighbours_->add_gateway(outside, router);
  neighbours_->on_unresolved(packet(1), hop, 0x08080808, now_);
  neighbours_->remove_gateway(hop);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{1}));
  EXPECT_EQ(retired_, (std::vector<NextHopId>{hop}));
  EXPECT_TRUE(neighbours_->list(now_).empty());
  neighbours_->remove_gateway(hop);
  neighbours_->remove_gateway(0xffff);
}

TEST_F(NeighboursTest, a_gateway_that_can_be_none_gets_no_hop) {
  EXPECT_EQ(neighbours_->add_gateway(9, router), no_next_hop);
  EXPECT_EQ(neighbours_->add_gateway(outside, own_outside), no_next_hop);
}

TEST_F(NeighboursTest, without_free_hops_a_gateway_gets_none_and_a_hosts_packets_are_dropped) {
  while (hops_->allocate({.destination = {}, .port = 0, .state = NextHop::State::glean}) != no_next_hop) {
  }
  EXPECT_EQ(neighbours_->add_gateway(outside, router), no_next_hop);
  unresolved(1);
  answer();
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(neighbours_->list(now_).empty());
}

// ---- the rest

TEST_F(NeighboursTest, our_addresses_are_announced_twice) {
  neighbours_->announce(now_);
  auto first = sent();
  ASSERT_EQ(first.size(), 2u);
  for (const SentArp& each : first) {
    EXPECT_EQ(each.destination, wire::broadcast_mac);
    EXPECT_EQ(each.message.sender_ip, each.message.target_ip);
    EXPECT_EQ(each.message.operation, wire::ArpOperation::request);
  }
  pass(1.9);
  EXPECT_TRUE(sent().empty());
  pass(0.2);
  EXPECT_EQ(sent().size(), 2u);
  pass(60);
  EXPECT_TRUE(sent().empty());
  neighbours_->announce(inside, now_);
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(NeighboursTest, flush_drops_what_waits_and_so_does_the_end) {
  unresolved(1);
  neighbours_->flush();
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{1}));
  unresolved(2);
  neighbours_.reset();
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{2}));
}

TEST_F(NeighboursTest, the_list_says_what_is_known) {
  EXPECT_NE(neighbours_->add_gateway(outside, router), no_next_hop);
  unresolved(1, other_host);
  unresolved(2, host);
  answer();
  now_ += 2 * second;
  const auto rows = neighbours_->list(now_);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].address, router);
  EXPECT_TRUE(rows[0].gateway);
  EXPECT_EQ(rows[1].address, other_host);
  EXPECT_EQ(rows[1].waiting, 1u);
  EXPECT_FALSE(rows[1].mac);
  EXPECT_EQ(to_string(rows[1].state), "incomplete");
  EXPECT_EQ(rows[2].mac, host_mac);
  EXPECT_EQ(rows[2].age_nanoseconds, 2 * second);
  EXPECT_EQ(to_string(rows[2].state), "reachable");
}

}  // namespace
}  // namespace espgate::dataplane::test
