// SPDX-License-Identifier: Apache-2.0
//
//   host .9 ─┐
//   host .7 ─┼── 10.30.0.0/24 ── .1 [gateway] .1 ── 10.20.0.0/24 ──── router .254
//   …       ─┘       inside, port 1                     outside, port 0
//
// Time is a number; packets are pointers into an array; what comes out is written down.
#include "dataplane/neighbours.h"

#include "tests/unit/dataplane/test_routes.h"

#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

constexpr std::uint64_t second = Neighbours::second;
constexpr std::uint8_t outside = 0, inside = 1;
constexpr std::uint32_t own_outside = 0x0a140001, own_inside = 0x0a1e0001;
constexpr std::uint32_t router = 0x0a1400fe, host = 0x0a1e0009, other_host = 0x0a1e0007;

constexpr wire::MacAddress mac(unsigned last) {
  return {
      {std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte(last >> 8), std::byte(last & 0xff)}};
}
constexpr wire::MacAddress own_mac = mac(1), own_outside_mac = mac(2), host_mac = mac(9),
                           router_mac = mac(254);

struct SentArp {
  std::uint8_t port;
  wire::ArpMessage message;
  wire::MacAddress destination;
};

class NeighboursTest : public testing::Test, public NeighbourActions {
 protected:
  NeighboursTest() {
    neighbours_ = std::make_unique<Neighbours>(*hops_, routes_, *this);
    outside_glean_ = neighbours_->add_port({outside, own_outside_mac, {own_outside, 24}});
    glean_ = neighbours_->add_port({inside, own_mac, {own_inside, 24}});
    EXPECT_NE(glean_, outside_glean_);
  }

  void send_arp(std::uint8_t port, const wire::ArpMessage& message,
                const wire::MacAddress& destination) override {
    sent_.push_back({port, message, destination});
  }
  void release(void* packet, NextHopId hop) override { released_.emplace_back(number_of(packet), hop); }
  void drop(void* packet, DropReason reason) override { dropped_.emplace_back(number_of(packet), reason); }
  void retire(NextHopId hop) override {
    for (const Route& route : routes_.list()) EXPECT_NE(route.next_hop, hop) << "a route still leads there";
    retired_.push_back(hop);
    hops_->release(hop);
  }

  // Packet number i.
  void* packet(std::size_t i) { return &packets_.at(i); }
  std::size_t number_of(void* at) const {
    return static_cast<std::size_t>(static_cast<char*>(at) - packets_.data());
  }

  void unresolved(std::size_t i, std::uint32_t destination = host) {
    neighbours_->on_unresolved(packet(i), glean_, destination, now_);
  }
  void answer(std::uint32_t ip = host, const wire::MacAddress& from = host_mac) {
    neighbours_->on_arp(inside, {wire::ArpOperation::reply, from, ip, own_mac, own_inside}, now_);
  }
  void ask_for(std::uint32_t target, std::uint32_t sender, const wire::MacAddress& from) {
    neighbours_->on_arp(inside, {wire::ArpOperation::request, from, sender, {}, target}, now_);
  }
  // Lets time pass in steps of a tenth of a second.
  void pass(double seconds) {
    const auto end = now_ + static_cast<std::uint64_t>(seconds * 1e9);
    while (now_ < end) {
      now_ += second / 10;
      neighbours_->tick(now_);
    }
  }
  std::optional<Neighbours::Row> row(std::uint32_t ip) {
    for (const auto& each : neighbours_->list(now_))
      if (each.address == ip) return each;
    return std::nullopt;
  }
  std::vector<SentArp> sent() { return std::exchange(sent_, {}); }
  std::vector<std::size_t> dropped_numbers() {
    std::vector<std::size_t> numbers;
    for (const auto& [number, reason] : std::exchange(dropped_, {})) {
      EXPECT_EQ(reason, DropReason::no_neighbour);
      numbers.push_back(number);
    }
    return numbers;
  }

  std::vector<char> packets_ = std::vector<char>(5000);
  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
  TestRoutes routes_;
  std::vector<SentArp> sent_;
  std::vector<std::pair<std::size_t, NextHopId>> released_;
  std::vector<std::pair<std::size_t, DropReason>> dropped_;
  std::vector<NextHopId> retired_;
  std::unique_ptr<Neighbours> neighbours_;
  NextHopId glean_ = 0, outside_glean_ = 0;
  std::uint64_t now_ = 100 * second;
};

// ---- hosts

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

// ---- who may tell us what

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

// ---- gateways

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
