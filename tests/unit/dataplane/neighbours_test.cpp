// SPDX-License-Identifier: Apache-2.0
// Hosts that are asked for, and a scan of the network; the network is drawn in neighbours_fixture.h.
#include "tests/unit/dataplane/neighbours_fixture.h"

namespace espgate::dataplane::test {
namespace {

TEST_F(NeighboursTest, a_packet_waits_until_the_host_has_answered) {
  unresolved(1);
  const auto requests = sent();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].port, inside);
  EXPECT_EQ(requests[0].destination, wire::broadcast_mac);
  EXPECT_EQ(requests[0].message,
            (wire::ArpMessage{wire::ArpOperation::request, own_mac, own_inside, {}, host}));
  EXPECT_TRUE(released_.empty());
  EXPECT_EQ(routes_.lookup_one(host), no_next_hop);

  answer();
  ASSERT_EQ(released_.size(), 1u);
  const auto [number, hop] = released_[0];
  EXPECT_EQ(number, 1u);
  EXPECT_EQ(routes_.lookup_one(host), hop);
  EXPECT_EQ(hops_->get(hop),
            (NextHop{.destination = host_mac, .port = inside, .state = NextHop::State::resolved}));
  EXPECT_TRUE(dropped_.empty());
}

TEST_F(NeighboursTest, more_packets_for_the_same_host_ask_no_more_and_keep_their_order) {
  for (std::size_t i = 0; i < 5; ++i) unresolved(i);
  EXPECT_EQ(sent().size(), 1u);
  EXPECT_EQ(row(host)->waiting, 5u);
  answer();
  ASSERT_EQ(released_.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(released_[i].first, i);
  EXPECT_EQ(row(host)->waiting, 0u);
}

TEST_F(NeighboursTest, a_packet_that_a_worker_gave_up_just_before_the_answer_goes_out_at_once) {
  unresolved(1);
  answer();
  unresolved(2);
  ASSERT_EQ(released_.size(), 2u);
  EXPECT_EQ(released_[1].second, released_[0].second);
}

TEST_F(NeighboursTest, of_too_many_packets_for_one_host_the_oldest_go) {
  for (std::size_t i = 0; i < Neighbours::max_waiting_each + 3; ++i) unresolved(i);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{0, 1, 2}));
  answer();
  EXPECT_EQ(released_.size(), Neighbours::max_waiting_each);
  EXPECT_EQ(released_[0].first, 3u);
}

TEST_F(NeighboursTest, of_too_many_packets_altogether_the_oldest_go) {
  std::size_t number = 0;
  for (std::uint32_t ip = 0x0a1e0010; number < Neighbours::max_waiting; ++ip)
    for (unsigned i = 0; i < Neighbours::max_waiting_each; ++i) unresolved(number++, ip);
  EXPECT_TRUE(dropped_.empty());
  unresolved(number++, host);
  unresolved(number++, host);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{0, 1}));
}

TEST_F(NeighboursTest, a_host_that_never_answers_is_asked_three_times_and_then_rests) {
  unresolved(1);
  pass(2.85);
  EXPECT_EQ(sent().size(), 3u);
  EXPECT_TRUE(dropped_.empty());
  pass(0.2);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{1}));
  EXPECT_EQ(row(host)->state, Neighbours::State::failed);
  EXPECT_EQ(neighbours_->counters().failed, 1u);

  unresolved(2);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{2})) << "at once, without asking";
  pass(4.8);
  EXPECT_TRUE(sent().empty());
  pass(0.3);
  EXPECT_FALSE(row(host)) << "forgotten";
  unresolved(3);
  EXPECT_EQ(sent().size(), 1u) << "asked again";
  EXPECT_TRUE(retired_.empty()) << "it never had a next hop";
}

TEST_F(NeighboursTest, a_late_answer_during_the_rest_counts) {
  unresolved(1);
  pass(4);
  answer();
  EXPECT_EQ(row(host)->state, Neighbours::State::reachable);
  unresolved(2);
  EXPECT_EQ(released_.size(), 1u);
}

TEST_F(NeighboursTest, after_a_minute_a_host_is_asked_by_unicast_while_its_packets_flow) {
  unresolved(1);
  answer();
  sent();
  const NextHopId hop = routes_.lookup_one(host);
  pass(59.8);
  EXPECT_TRUE(sent().empty());
  pass(0.3);
  const auto requests = sent();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].destination, host_mac);
  EXPECT_EQ(row(host)->state, Neighbours::State::probing);
  EXPECT_EQ(hops_->get(hop).state, NextHop::State::resolved);
  answer();
  pass(30);
  EXPECT_EQ(row(host)->state, Neighbours::State::reachable);
  EXPECT_TRUE(sent().empty());
}

TEST_F(NeighboursTest, a_host_that_is_gone_loses_its_route_and_gives_its_hop_back) {
  unresolved(1);
  answer();
  const NextHopId hop = routes_.lookup_one(host);
  sent();
  pass(62.9);
  EXPECT_EQ(sent().size(), 3u);
  EXPECT_EQ(routes_.lookup_one(host), hop);
  pass(0.3);
  EXPECT_EQ(routes_.lookup_one(host), no_next_hop);
  EXPECT_EQ(retired_, (std::vector<NextHopId>{hop}));
  EXPECT_TRUE(neighbours_->list(now_).empty());
}

TEST_F(NeighboursTest, a_packet_that_still_carries_the_hop_of_a_host_that_is_gone_asks_anew) {
  unresolved(1);
  answer();
  const NextHopId hop = routes_.lookup_one(host);
  pass(64);
  hops_->set(hop,
             {.destination = {}, .port = inside, .state = NextHop::State::incomplete});  // not reused yet
  sent();
  neighbours_->on_unresolved(packet(2), hop, host, now_);
  EXPECT_EQ(sent().size(), 1u);
  answer();
  EXPECT_EQ(released_.back().first, 2u);
}

TEST_F(NeighboursTest, a_host_with_a_new_link_address_is_followed) {
  unresolved(1);
  answer();
  const NextHopId hop = routes_.lookup_one(host);
  ask_for(host, host, mac(77));  // gratuitous
  EXPECT_EQ(hops_->get(hop).destination, mac(77));
  EXPECT_EQ(routes_.lookup_one(host), hop);
}

TEST_F(NeighboursTest, what_can_not_be_a_host_of_the_network_is_not_asked_for) {
  for (const std::uint32_t ip : {0x0a1e00ffu, 0x0a1e0000u, own_inside, own_outside, 0x0a1e0109u, 0x08080808u})
    unresolved(1, ip);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(dropped_numbers().size(), 6u);
}

TEST_F(NeighboursTest, in_a_network_of_two_both_addresses_are_hosts) {
  const NextHopId glean = neighbours_->add_port({3, mac(3), {0xc0a80000, 31}});
  neighbours_->on_unresolved(packet(1), glean, 0xc0a80001, now_);
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(NeighboursTest, a_hop_that_means_nothing_drops_the_packet) {
  neighbours_->on_unresolved(packet(1), 1234, host, now_);
  neighbours_->on_unresolved(packet(2), no_next_hop, host, now_);
  neighbours_->on_unresolved(packet(3), 0xffff, host, now_);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{1, 2, 3}));
}

TEST_F(NeighboursTest, with_a_full_route_table_packets_still_go_out_one_by_one) {
  TestRoutes full(0);
  Neighbours neighbours(*hops_, full, *this);
  const NextHopId glean = neighbours.add_port({inside, own_mac, {own_inside, 24}});
  neighbours.on_unresolved(packet(1), glean, host, now_);
  neighbours.on_arp(inside, {wire::ArpOperation::reply, host_mac, host, own_mac, own_inside}, now_);
  neighbours.on_unresolved(packet(2), glean, host, now_);
  EXPECT_EQ(released_.size(), 2u);
}

// ---- a scan of the network

TEST_F(NeighboursTest, a_scan_takes_no_room_from_hosts_that_answer) {
  EXPECT_EQ(neighbours_->add_port({inside, own_mac, {own_inside, 16}}), glean_);
  unresolved(0, other_host);
  answer(other_host, mac(7));
  for (std::uint32_t i = 0; i < 4000; ++i) unresolved(1, 0x0a1e1000 + i);
  EXPECT_LE(neighbours_->list(now_).size(), Neighbours::max_hosts);
  EXPECT_EQ(row(other_host)->state, Neighbours::State::reachable);
  EXPECT_EQ(neighbours_->counters().evicted, 4001 - Neighbours::max_hosts);
  // In the midst of it a real host is found.
  unresolved(2, host);
  for (std::uint32_t i = 0; i < 1000; ++i) unresolved(1, 0x0a1e3000 + i);
  answer();
  EXPECT_EQ(row(host)->state, Neighbours::State::reachable);
  std::size_t waiting = 0;
  for (const auto& each : neighbours_->list(now_)) waiting += each.waiting;
  EXPECT_EQ(waiting, Neighbours::max_waiting - 1) << "the real host's is gone";
  EXPECT_EQ(dropped_numbers().size() + waiting, 5000u) << "one packet each";
}

TEST_F(NeighboursTest, when_all_places_are_taken_by_hosts_that_answer_another_finds_none) {
  EXPECT_EQ(neighbours_->add_port({inside, own_mac, {own_inside, 16}}), glean_);
  for (std::uint32_t i = 0; i < Neighbours::max_hosts; ++i) {
    unresolved(1, 0x0a1e1000 + i);
    answer(0x0a1e1000 + i, mac(0x1000 + i));
  }
  unresolved(2, host);
  EXPECT_EQ(dropped_numbers(), (std::vector<std::size_t>{2}));
  EXPECT_EQ(neighbours_->counters().evicted, 0u);
}

}  // namespace
}  // namespace espgate::dataplane::test
