// SPDX-License-Identifier: Apache-2.0
// What lies next to the link on either end of the path: link_filter, side_split, outer_route, link_push.
#include "dataplane/stages/link_filter.h"
#include "dataplane/stages/link_push.h"
#include "dataplane/stages/outer_route.h"
#include "dataplane/stages/side_split.h"
#include "tests/packet_builder.h"
#include "tests/unit/dataplane/test_burst.h"
#include "tests/unit/dataplane/test_routes.h"
#include "wire/ip_address.h"

#include <memory>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

using espgate::test::PacketBuilder;
using wire::MacAddress;

constexpr MacAddress own_mac{
    {std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}}};
constexpr MacAddress other_mac{
    {std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{9}}};
constexpr MacAddress multicast_mac{
    {std::byte{1}, std::byte{0}, std::byte{0x5e}, std::byte{0}, std::byte{0}, std::byte{1}}};

Datagram frame(const MacAddress& destination, std::uint16_t type, std::optional<std::uint16_t> vlan = {}) {
  PacketBuilder builder;
  builder.ethernet({.destination = destination, .source = other_mac, .ether_type = type, .vlan_id = vlan});
  return builder.payload(30).build();
}

Datagram cut(Datagram bytes, std::size_t length) {
  bytes.resize(length);
  return bytes;
}

TEST(LinkFilter, only_frames_for_us_and_multicast_that_is_not_ipv4_pass) {
  constexpr std::uint16_t ipv4 = wire::ether_type_ipv4, arp = wire::ether_type_arp;
  MacAddress nearly = own_mac;
  nearly.bytes[5] ^= std::byte{0x80};
  MacAddress first_differs = own_mac;
  first_differs.bytes[0] ^= std::byte{0x04};
  struct Case {
    const char* sentence;
    Datagram frame;
    std::string outcome;
  };
  const std::string foreign = as_text(DropReason::foreign_destination);
  const std::vector<Case> cases = {
      {"IPv4 for us", frame(own_mac, ipv4), "live"},
      {"anything for us", frame(own_mac, 0x88cc), "live"},
      {"a tagged frame for us", frame(own_mac, ipv4, 7), "live"},
      {"another host's", frame(other_mac, ipv4), foreign},
      {"one bit in the last byte differs", frame(nearly, ipv4), foreign},
      {"one bit in the first byte differs", frame(first_differs, ipv4), foreign},
      {"broadcast ARP", frame(wire::broadcast_mac, arp), "live"},
      {"tagged broadcast ARP", frame(wire::broadcast_mac, arp, 7), "live"},
      {"multicast neighbour discovery", frame(multicast_mac, wire::ether_type_ipv6), "live"},
      {"IPv4 by link broadcast", frame(wire::broadcast_mac, ipv4), foreign},
      {"tagged IPv4 by link multicast", frame(multicast_mac, ipv4, 7), foreign},
      {"shorter than a header", Datagram(13, std::byte{2}), as_text(DropReason::ethernet_malformed)},
      {"broadcast cut in its tag: link_pull drops it", cut(frame(wire::broadcast_mac, ipv4, 7), 17), "live"},
  };
  for (const Case& each : cases) {
    TestBurst burst({each.frame});
    link_filter(burst.burst, own_mac);
    EXPECT_EQ(burst.outcome(), each.outcome) << each.sentence;
  }
}

class SideSplitTest : public testing::Test {
 protected:
  std::string split(const Datagram& packet, std::uint16_t type = wire::ether_type_ipv4) {
    TestBurst burst({packet}, type);
    side_split(burst.burst, {.own = own_, .inside_prefixes = prefixes_, .clients = &clients_});
    EXPECT_EQ(burst.bytes(), packet) << "it changes nothing";
    return burst.outcome();
  }
  static Datagram udp(std::string_view source, std::string_view destination) {
    return PacketBuilder().ipv4(source, destination).udp(1000, 4500).payload(20).build();
  }

  OwnAddresses own_{.outside = 0x0a140001, .inside = 0x0a1e0001};
  std::vector<wire::Ipv4Prefix> prefixes_ = {{0x0a1e0000, 24}, {0xc0a80000, 16}};
  SessionTable clients_{0x0a280000, 256};
};

TEST_F(SideSplitTest, what_is_for_our_own_addresses_counts_as_outside) {
  EXPECT_EQ(split(udp("198.51.100.7", "10.20.0.1")), "live");
  EXPECT_EQ(split(udp("10.30.0.9", "10.30.0.1")), "live");
}

TEST_F(SideSplitTest, clear_packets_reach_clients_from_the_inside_prefixes_only) {
  EXPECT_EQ(split(udp("10.30.0.9", "10.40.0.5")), as_text(Punt::from_inside));
  EXPECT_EQ(split(udp("192.168.200.1", "10.40.0.255")), as_text(Punt::from_inside));
  EXPECT_EQ(split(udp("10.30.1.9", "10.40.0.5")), as_text(DropReason::clear_from_outside));
  EXPECT_EQ(split(udp("198.51.100.7", "10.40.0.5")), as_text(DropReason::clear_from_outside));
}

TEST_F(SideSplitTest, nothing_else_is_forwarded) {
  EXPECT_EQ(split(udp("10.30.0.9", "10.40.1.0")), as_text(DropReason::clear_from_outside));
  EXPECT_EQ(split(udp("10.30.0.9", "8.8.8.8")), as_text(DropReason::clear_from_outside));
  EXPECT_EQ(split(udp("10.30.0.9", "255.255.255.255")), as_text(DropReason::foreign_destination));
  EXPECT_EQ(split(udp("10.30.0.9", "224.0.0.251")), as_text(DropReason::foreign_destination));
  EXPECT_EQ(split(Datagram(40, std::byte{0}), wire::ether_type_ipv6),
            as_text(DropReason::foreign_destination));
  EXPECT_EQ(split(Datagram(40, std::byte{0}), 0x88cc), as_text(DropReason::clear_from_outside));
}

TEST_F(SideSplitTest, arp_and_what_is_too_short_to_tell_are_left_to_classify) {
  EXPECT_EQ(split(Datagram(28, std::byte{0}), wire::ether_type_arp), "live");
  EXPECT_EQ(split(Datagram(19, std::byte{0x45})), "live");
}

class OuterRouteTest : public testing::Test {
 protected:
  OuterRouteTest() {
    gateway_ = hops_->allocate({.destination = other_mac, .port = 0, .state = NextHop::State::resolved});
    host_ = hops_->allocate({.destination = own_mac, .port = 0, .state = NextHop::State::resolved});
    EXPECT_TRUE(routes_.add({0, 0}, gateway_));
    set_outer_header(sa_, {.ethernet = false, .source = 0x0a140001, .destination = 0xc6336407});
  }

  // What outer_push leaves for `sa_`.
  std::string route() {
    TestBurst burst({Datagram(100, std::byte{0})});
    std::copy_n(sa_.outer.bytes.begin() + sa_.outer.ip_offset, sa_.outer.length, burst.burst[0].data);
    burst.burst[0].outbound_sa = &sa_;
    outer_route(burst.burst, {.routes = routes_, .hops = *hops_});
    next_hop_ = burst.burst[0].next_hop;
    return burst.outcome();
  }

  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
  TestRoutes routes_;
  OutboundSa sa_;
  NextHopId gateway_ = 0, host_ = 0, next_hop_ = 0;
};

TEST_F(OuterRouteTest, the_answer_is_remembered_until_a_route_changes) {
  EXPECT_EQ(route(), "live");
  EXPECT_EQ(next_hop_, gateway_);
  sa_.next_hop = host_;  // a memo that no table would give: it is what counts
  EXPECT_EQ(route(), "live");
  EXPECT_EQ(next_hop_, host_);
  ASSERT_TRUE(routes_.add({0x01020300, 24}, host_));
  EXPECT_EQ(route(), "live");
  EXPECT_EQ(next_hop_, gateway_) << "any change makes it look again";
  ASSERT_TRUE(routes_.add({0xc6336407, 32}, host_));
  EXPECT_EQ(route(), "live");
  EXPECT_EQ(next_hop_, host_);
}

TEST_F(OuterRouteTest, a_client_that_moved_is_looked_up_at_its_new_address) {
  ASSERT_TRUE(routes_.add({0xc0000200, 24}, host_));
  EXPECT_EQ(route(), "live");
  EXPECT_EQ(next_hop_, gateway_);
  set_outer_destination(sa_, 0xc0000201, 1234);
  EXPECT_EQ(route(), "live");
  EXPECT_EQ(next_hop_, host_);
}

TEST_F(OuterRouteTest, without_a_route_nothing_leaves_and_nothing_is_remembered) {
  routes_.remove({0, 0});
  EXPECT_EQ(route(), as_text(DropReason::no_route));
  EXPECT_EQ(sa_.next_hop, no_next_hop);
  ASSERT_TRUE(routes_.add({0, 0}, host_));
  EXPECT_EQ(route(), "live");
}

TEST_F(OuterRouteTest, a_client_whose_address_or_port_is_unknown_gets_nothing) {
  set_outer_destination(sa_, 0, 4500);
  EXPECT_EQ(route(), as_text(DropReason::peer_unknown));
  set_outer_destination(sa_, 0xc6336407, 0);
  EXPECT_EQ(route(), as_text(DropReason::peer_unknown));
  set_outer_header(sa_, {.ethernet = false, .source = 1, .destination = 0xc6336407, .udp = false});
  EXPECT_EQ(route(), "live") << "plain ESP has no port";
}

class LinkPushTest : public testing::Test {
 protected:
  LinkPushTest() {
    hops_->set_port(3, {.source = own_mac, .mtu = 1500});
    hops_->set_port_up(3, true);
    hop_ = hops_->allocate({.destination = other_mac, .port = 3, .state = NextHop::State::resolved});
  }

  std::string push(NextHopId hop, std::uint16_t headroom = link_headroom) {
    burst_ = std::make_unique<TestBurst>(std::vector<Datagram>{packet_});
    burst_->burst[0].next_hop = hop;
    burst_->burst[0].headroom = headroom;
    link_push(burst_->burst, *hops_);
    return burst_->outcome();
  }

  Datagram packet_ = inner_packet(1, 2, 50);
  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
  std::unique_ptr<TestBurst> burst_;
  NextHopId hop_ = 0;
};

TEST_F(LinkPushTest, the_frame_carries_both_addresses_and_the_packet) {
  ASSERT_EQ(push(hop_), "live");
  const auto bytes = burst_->bytes();
  const auto sent = wire::EthernetFrame::parse(bytes);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->destination(), other_mac);
  EXPECT_EQ(sent->source(), own_mac);
  EXPECT_EQ(sent->ether_type(), wire::ether_type_ipv4);
  EXPECT_EQ(Datagram(sent->payload().begin(), sent->payload().end()), packet_);
}

TEST_F(LinkPushTest, what_has_no_link_address_is_punted_untouched) {
  for (const auto state : {NextHop::State::glean, NextHop::State::incomplete, NextHop::State::free}) {
    hops_->set(hop_, {.destination = other_mac, .port = 3, .state = state});
    EXPECT_EQ(push(hop_), as_text(Punt::unresolved));
    EXPECT_EQ(burst_->bytes(), packet_);
  }
  EXPECT_EQ(push(no_next_hop), as_text(Punt::unresolved));
}

TEST_F(LinkPushTest, a_port_without_link_and_a_buffer_without_room_take_nothing) {
  EXPECT_EQ(push(hop_, link_headroom - 1), as_text(DropReason::no_headroom));
  hops_->set_port_up(3, false);
  EXPECT_EQ(push(hop_), as_text(DropReason::port_down));
}

}  // namespace
}  // namespace espgate::dataplane::test
