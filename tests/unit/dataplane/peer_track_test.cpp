// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/peer_track.h"

#include "dataplane/sa_table.h"
#include "tests/unit/dataplane/test_burst.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <deque>
#include <memory>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

constexpr Endpoint a{0xc6336401, 4500}, b{0xc6336402, 61000}, c{0xc6336403, 4500};
constexpr Endpoint b_other_port{0xc6336402, 61001};

using Type = WorkerEvent::Type;

// A peer with SA pairs, and its authenticated packets as esp_verify leaves them.
class PeerTrackTest : public testing::Test {
 protected:
  PeerTrackTest() {
    peer_.id = 42;
    peer_.local = Endpoint{0x0a140001, 4500};
    peer_.remote = a;
  }

  struct Pair {
    explicit Pair(std::uint32_t slot) : inbound(128) {
      inbound.spi = Spi::make(1, slot, 3);
      set_outer_header(outbound, {.ethernet = false, .source = 0x0a140001, .destination = a.address});
      outbound.next_hop = 9;
    }
    InboundSa inbound;
    OutboundSa outbound;
  };

  Pair& add_pair() {
    Pair& pair = pairs_.emplace_back(static_cast<std::uint32_t>(pairs_.size() + 1));
    pair.inbound.peer = &peer_;
    EXPECT_TRUE(peer_.add(pair.outbound));
    EXPECT_TRUE(peer_.add(pair.inbound));
    return pair;
  }

  struct Arrival {
    Pair* pair;
    std::uint64_t sequence;
    Endpoint from;
    bool udp = true;
  };

  // One burst: esp_verify has committed all of it before peer_track sees the first.
  void arrive(const std::vector<Arrival>& arrivals) {
    std::vector<Datagram> packets;
    for (const Arrival& each : arrivals) {
      Datagram& packet = packets.emplace_back(inner_packet(each.from.address, 0x0a140001, 40));
      wire::store_big_endian(packet.data() + 20, each.from.port);
      if (!each.udp) packet[9] = std::byte{wire::ip_protocol_esp};
      each.pair->inbound.window.commit(each.sequence);
    }
    TestBurst burst(packets);
    for (unsigned i = 0; i < arrivals.size(); ++i) {
      Packet& packet = burst.burst[i];
      packet.outer = packet.data;
      packet.pull(28);
      packet.inbound_sa = &arrivals[i].pair->inbound;
      packet.sequence = arrivals[i].sequence;
    }
    peer_track(burst.burst, {.progress = progress_, .events = &events_});
    EXPECT_EQ(burst.burst.live_count(), arrivals.size());
  }

  // Types and places of the events since the last time.
  std::vector<std::pair<Type, Endpoint>> events() {
    std::vector<std::pair<Type, Endpoint>> all;
    for (WorkerEvent event; events_.pop(event);) {
      EXPECT_EQ(event.peer_id, 42u);
      all.emplace_back(event.type, Endpoint{event.address, event.port});
    }
    return all;
  }

  // Where a pair's packets go.
  static Endpoint destination(const Pair& pair) {
    const std::byte* ip = pair.outbound.outer.bytes.data() + pair.outbound.outer.ip_offset;
    return {wire::load_big_endian<std::uint32_t>(ip + 16), wire::load_big_endian<std::uint16_t>(ip + 22)};
  }

  Peer peer_;
  std::deque<Pair> pairs_;
  std::vector<channel::SaProgress> progress_ = std::vector<channel::SaProgress>(16);
  WorkerEvents events_;
};

using Events = std::vector<std::pair<Type, Endpoint>>;

TEST_F(PeerTrackTest, the_first_packet_is_told_once) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, a}, {&pair, 2, a}});
  EXPECT_EQ(events(), (Events{{Type::first_packet, a}}));
  arrive({{&pair, 3, a}});
  EXPECT_EQ(events(), Events{});
  EXPECT_FALSE(peer_.moved);
}

TEST_F(PeerTrackTest, the_first_packet_carries_slot_and_spi) {
  add_pair();
  Pair& pair = add_pair();
  arrive({{&pair, 1, a}});
  WorkerEvent event;
  ASSERT_TRUE(events_.pop(event));
  EXPECT_EQ(event, (WorkerEvent{.type = Type::first_packet,
                                .port = 4500,
                                .peer_id = 42,
                                .slot = 2,
                                .spi = pair.inbound.spi,
                                .address = a.address}));
}

TEST_F(PeerTrackTest, a_rebinding_moves_all_outbound_sas_and_is_told_once) {
  Pair& pair = add_pair();
  Pair& unused = add_pair();
  arrive({{&pair, 1, a}});
  events();
  arrive({{&pair, 2, b}, {&pair, 3, b}});
  EXPECT_EQ(events(), (Events{{Type::nat_mapping, b}}));
  EXPECT_EQ(peer_.remote.load(), b);
  EXPECT_TRUE(peer_.moved);
  for (const Pair* each : {&pair, &unused}) {
    EXPECT_EQ(destination(*each), b);
    EXPECT_EQ(each->outbound.next_hop, 0) << "to be looked up again";
  }
}

TEST_F(PeerTrackTest, another_port_of_the_same_address_is_elsewhere_too) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, b}});
  arrive({{&pair, 2, b_other_port}});
  EXPECT_EQ(peer_.remote.load(), b_other_port);
  EXPECT_EQ(destination(pair), b_other_port);
}

TEST_F(PeerTrackTest, the_rewritten_outer_header_is_the_one_that_would_have_been_built) {
  for (const bool udp : {true, false}) {
    OutboundSa moved, built;
    set_outer_header(moved, {.ethernet = false, .source = 0x0a140001, .destination = a.address, .udp = udp});
    set_outer_destination(moved, b.address, b.port);
    set_outer_header(built, {.ethernet = false,
                             .source = 0x0a140001,
                             .destination = b.address,
                             .udp = udp,
                             .destination_port = b.port});
    EXPECT_EQ(moved.outer.bytes, built.outer.bytes);
    EXPECT_EQ(moved.outer.checksum_base, built.outer.checksum_base);
  }
}

TEST_F(PeerTrackTest, a_late_packet_inside_the_window_moves_nothing) {
  Pair& pair = add_pair();
  arrive({{&pair, 10, a}});
  events();
  arrive({{&pair, 9, b}});
  EXPECT_EQ(peer_.remote.load(), a);
  EXPECT_EQ(events(), Events{});
  arrive({{&pair, 11, b}});
  EXPECT_EQ(peer_.remote.load(), b);
}

TEST_F(PeerTrackTest, of_one_burst_only_the_highest_number_says_where_the_peer_is) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, a}});
  arrive({{&pair, 5, b}, {&pair, 3, c}, {&pair, 4, a}});
  EXPECT_EQ(peer_.remote.load(), b);
}

TEST_F(PeerTrackTest, when_the_very_first_burst_comes_from_two_places_the_highest_number_wins) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, b}, {&pair, 2, c}});
  EXPECT_EQ(peer_.remote.load(), c);
  EXPECT_EQ(events(), (Events{{Type::first_packet, b}, {Type::nat_mapping, c}}));
  arrive({{&pair, 3, b}});
  EXPECT_EQ(peer_.remote.load(), b);
}

TEST_F(PeerTrackTest, an_older_sa_moves_nothing_once_a_newer_one_has_carried_traffic) {
  Pair& old_pair = add_pair();
  arrive({{&old_pair, 1, a}});
  Pair& new_pair = add_pair();
  arrive({{&old_pair, 2, b}});
  EXPECT_EQ(peer_.remote.load(), b) << "the newer one has not carried traffic yet";
  arrive({{&new_pair, 1, b}});
  events();
  arrive({{&old_pair, 3, c}, {&old_pair, 4, a}});
  EXPECT_EQ(peer_.remote.load(), b);
  EXPECT_EQ(events(), Events{});
  arrive({{&new_pair, 2, c}});
  EXPECT_EQ(peer_.remote.load(), c);
  arrive({{&old_pair, 5, b}});
  EXPECT_EQ(peer_.remote.load(), c);
}

TEST_F(PeerTrackTest, when_the_newer_sa_is_gone_the_older_one_leads_again) {
  Pair& old_pair = add_pair();
  Pair& new_pair = add_pair();
  arrive({{&old_pair, 1, a}, {&new_pair, 1, a}});
  arrive({{&new_pair, 2, b}});
  peer_.remove(new_pair.inbound);
  peer_.remove(new_pair.outbound);
  // It was at `a` when it last said anything; that it still is there must be noticed.
  arrive({{&old_pair, 2, a}});
  EXPECT_EQ(peer_.remote.load(), a);
  EXPECT_EQ(destination(old_pair), a);
}

TEST_F(PeerTrackTest, an_sa_that_the_peer_no_longer_has_moves_nothing) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, a}});
  peer_.remove(pair.inbound);
  arrive({{&pair, 2, b}});
  EXPECT_EQ(peer_.remote.load(), a);
}

TEST_F(PeerTrackTest, a_new_pair_is_sent_where_its_first_packet_came_from) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, b}});
  Pair& rekeyed = add_pair();  // built with a stale address
  arrive({{&rekeyed, 1, b}});
  EXPECT_EQ(destination(rekeyed), b);
}

TEST_F(PeerTrackTest, plain_esp_has_port_0_and_does_not_move_a_peer_that_negotiated_udp) {
  Pair& pair = add_pair();
  arrive({{&pair, 1, a}});
  arrive({{&pair, 2, {b.address, 0}, false}});
  EXPECT_EQ(peer_.remote.load(), a);
  EXPECT_EQ(destination(pair), a);

  peer_.local = Endpoint{0x0a140001, 0};
  set_outer_header(pair.outbound, {.ethernet = false, .source = 1, .destination = a.address, .udp = false});
  arrive({{&pair, 3, {b.address, 0}, false}});
  EXPECT_EQ(peer_.remote.load(), (Endpoint{b.address, 0}));
  EXPECT_EQ(destination(pair).address, b.address);
  arrive({{&pair, 4, c}});
  EXPECT_EQ(peer_.remote.load(), (Endpoint{b.address, 0})) << "UDP where plain ESP was negotiated";
}

TEST_F(PeerTrackTest, how_far_it_has_counted_is_stored_for_each_slot) {
  Pair& first = add_pair();
  Pair& second = add_pair();
  arrive({{&first, 7, a}, {&second, 70, a}, {&first, 5, a}});
  EXPECT_EQ(progress_[1].inbound_highest, 7u);
  EXPECT_EQ(progress_[2].inbound_highest, 70u);
  EXPECT_EQ(progress_[0].inbound_highest, 0u);
}

TEST_F(PeerTrackTest, what_an_sa_has_carried_is_stored_beside_it) {
  Pair& pair = add_pair();
  pair.inbound.counters.packets = 3;
  pair.inbound.counters.bytes = 900;
  progress_[1].outbound_packets = 7;
  arrive({{&pair, 1, a}});
  EXPECT_EQ(progress_[1].inbound_packets, 3u);
  EXPECT_EQ(progress_[1].inbound_bytes, 900u);
  EXPECT_EQ(progress_[1].outbound_packets, 7u) << "the other direction's";
}

TEST_F(PeerTrackTest, without_a_counters_segment_or_with_a_short_one_nothing_is_stored) {
  Pair& pair = add_pair();
  progress_.clear();
  arrive({{&pair, 7, a}});
  progress_ = std::vector<channel::SaProgress>(1);
  arrive({{&pair, 8, a}});
  EXPECT_EQ(progress_[0].inbound_highest, 0u);
}

TEST_F(PeerTrackTest, observed_sas_have_no_peer_to_track) {
  Pair& pair = add_pair();
  pair.inbound.observed = true;
  pair.inbound.peer = nullptr;
  arrive({{&pair, 1, b}});
  EXPECT_EQ(events(), Events{});
  EXPECT_EQ(progress_[1].inbound_highest, 0u);
}

TEST_F(PeerTrackTest, an_outer_ipv6_packet_says_nothing) {
  Pair& pair = add_pair();
  Datagram packet(80, std::byte{0});
  packet[0] = std::byte{0x60};
  TestBurst burst({packet});
  burst.burst[0].outer = burst.burst[0].data;
  burst.burst[0].inbound_sa = &pair.inbound;
  burst.burst[0].sequence = 1;
  pair.inbound.window.commit(1);
  peer_track(burst.burst, {.progress = progress_, .events = &events_});
  EXPECT_EQ(events(), Events{});
  EXPECT_EQ(peer_.remote.load(), a);
}

TEST_F(PeerTrackTest, events_that_nobody_takes_are_lost_and_counted_and_the_peer_is_marked) {
  Pair& pair = add_pair();
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < WorkerEvents::capacity + 10; ++i)
    arrive({{&pair, ++sequence, i % 2 == 0 ? b : c}});
  EXPECT_GE(events_.lost(), 10u);
  EXPECT_EQ(events().size() + events_.lost(), WorkerEvents::capacity + 11)
      << "one each, and the first packet's";
  EXPECT_TRUE(peer_.moved);
  EXPECT_EQ(peer_.remote.load(), c);
}

TEST_F(PeerTrackTest, a_peer_has_room_for_so_many_sas_and_takes_no_more) {
  for (unsigned i = 0; i < Peer::max_sas; ++i) add_pair();
  Pair extra(99);
  EXPECT_FALSE(peer_.add(extra.inbound));
  EXPECT_FALSE(peer_.add(extra.outbound));
  peer_.remove(pairs_[3].inbound);
  EXPECT_TRUE(peer_.add(extra.inbound));
}

}  // namespace
}  // namespace espgate::dataplane::test
