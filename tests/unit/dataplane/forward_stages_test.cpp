// SPDX-License-Identifier: Apache-2.0
// What a packet meets between its session and the wire, either way: inside_input, ip_local, ip_forward,
// ttl_decrement, mss_clamp, mtu_check, owner_check.
#include "dataplane/stages/inside_input.h"
#include "dataplane/stages/ip_forward.h"
#include "dataplane/stages/ip_local.h"
#include "dataplane/stages/mss_clamp.h"
#include "dataplane/stages/mtu_check.h"
#include "dataplane/stages/owner_check.h"
#include "dataplane/stages/ttl_decrement.h"
#include "tests/packet_builder.h"
#include "tests/unit/dataplane/test_burst.h"
#include "tests/unit/dataplane/test_routes.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

using espgate::test::PacketBuilder;

constexpr std::uint32_t own_inside = 0x0a1e0001;  // 10.30.0.1
constexpr OwnAddresses own{.outside = 0x0a140001, .inside = own_inside};

Datagram udp(std::string_view source, std::string_view destination, const wire::Ipv4Fields& fields = {}) {
  return PacketBuilder().ipv4(source, destination, fields).udp(1000, 2000).payload(40).build();
}

Datagram echo(std::string_view source, std::string_view destination, const wire::Ipv4Fields& fields = {}) {
  return PacketBuilder().ipv4(source, destination, fields).icmp(wire::echo_request(1, 2)).payload(40).build();
}

// With the checksum that its header then needs.
Datagram with_checksum(Datagram packet) {
  const std::size_t length = std::to_integer<std::size_t>(packet[0] & std::byte{15}) * 4;
  wire::store_big_endian(packet.data() + 10, std::uint16_t{0});
  wire::store_big_endian(packet.data() + 10, wire::internet_checksum(wire::Bytes(packet).first(length)));
  return packet;
}

Datagram changed(Datagram packet, std::size_t at, unsigned value) {
  packet[at] = std::byte(value);
  return packet;
}

Datagram resized(Datagram packet, std::size_t length) {
  packet.resize(length, std::byte{0xee});
  return packet;
}

struct Case {
  const char* sentence;
  Datagram packet;
  std::string outcome;
};

// ---- inside_input

TEST(InsideInput, only_sound_unicast_for_others_goes_on) {
  const Datagram good = udp("10.30.0.9", "10.40.0.5");
  const std::string malformed = as_text(DropReason::ip_malformed), cut = as_text(DropReason::frame_cut);
  const std::string foreign = as_text(DropReason::foreign_destination);
  const std::vector<Case> cases = {
      {"a packet for a client", good, "live"},
      {"version 5", with_checksum(changed(good, 0, 0x55)), malformed},
      {"a header of 16 bytes", changed(good, 0, 0x44), malformed},
      {"a header beyond the packet", resized(changed(good, 0, 0x4f), 40), malformed},
      {"a total length below the header's", with_checksum(changed(good, 3, 19)), malformed},
      {"a total length beyond the frame", with_checksum(changed(good, 3, 69)), cut},
      {"one byte short", resized(good, 67), cut},
      {"half a header", resized(good, 10), cut},
      {"a wrong header checksum", changed(good, 8, 63), malformed},
      {"multicast", udp("10.30.0.9", "224.0.0.251"), foreign},
      {"limited broadcast", udp("10.30.0.9", "255.255.255.255"), foreign},
      {"loopback", udp("10.30.0.9", "127.0.0.1"), foreign},
      {"an echo request for us", echo("10.30.0.9", "10.30.0.1"), as_text(Punt::echo_request)},
      {"an echo request for our outside", echo("10.30.0.9", "10.20.0.1"), as_text(Punt::echo_request)},
      {"a fragment of an echo request for us", echo("10.30.0.9", "10.30.0.1", {.more_fragments = true}),
       as_text(Punt::local)},
      {"anything else for us", udp("10.30.0.9", "10.30.0.1"), as_text(Punt::local)},
  };
  for (const Case& each : cases) {
    TestBurst burst({each.packet});
    inside_input(burst.burst, own);
    EXPECT_EQ(burst.outcome(), each.outcome) << each.sentence;
  }
}

TEST(InsideInput, link_padding_is_cut) {
  const Datagram good = udp("10.30.0.9", "10.40.0.5");
  TestBurst burst({resized(good, 100)});
  inside_input(burst.burst, own);
  EXPECT_EQ(burst.bytes(), good);
}

TEST(InsideInput, neighbour_messages_are_punted_and_other_protocols_dropped) {
  const auto send = [](const Datagram& packet, std::uint16_t type) {
    TestBurst burst({packet}, type);
    inside_input(burst.burst, own);
    return burst.outcome();
  };
  EXPECT_EQ(send(Datagram(28), wire::ether_type_arp), as_text(Punt::neighbour));
  const auto discovery =
      PacketBuilder().ipv6("fe80::1", "ff02::1:ff00:2", {.next_header = 58}).payload(24).build();
  EXPECT_EQ(send(discovery, wire::ether_type_ipv6), as_text(Punt::neighbour));
  EXPECT_EQ(send(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).build(), wire::ether_type_ipv6),
            as_text(DropReason::foreign_destination));
  EXPECT_EQ(send(Datagram(3), wire::ether_type_ipv6), as_text(DropReason::foreign_destination));
  EXPECT_EQ(send(Datagram(40), 0x88cc), as_text(DropReason::foreign_destination));
}

// ---- ip_local

TEST(IpLocal, what_is_for_ourselves_leaves_the_path) {
  const std::vector<Case> cases = {
      {"for the private side", udp("10.40.0.5", "10.30.0.9"), "live"},
      {"echo request for us", echo("10.40.0.5", "10.30.0.1"), as_text(Punt::echo_request)},
      {"a fragment of one", echo("10.40.0.5", "10.30.0.1", {.fragment_offset = 8}), as_text(Punt::local)},
      {"an echo reply for us",
       PacketBuilder().ipv4("10.40.0.5", "10.30.0.1").icmp(wire::echo_reply(1, 1)).build(),
       as_text(Punt::local)},
      {"half an ICMP header",
       PacketBuilder().ipv4("10.40.0.5", "10.30.0.1", {.protocol = 1}).payload("\x08").build(),
       as_text(Punt::local)},
      {"UDP for our outside address", udp("10.40.0.5", "10.20.0.1"), as_text(Punt::local)},
      {"DHCPINFORM by limited broadcast", udp("10.40.0.5", "255.255.255.255"), as_text(Punt::local)},
      {"multicast", udp("10.40.0.5", "239.255.255.250"), as_text(DropReason::foreign_destination)},
      {"loopback", udp("10.40.0.5", "127.0.0.1"), as_text(DropReason::foreign_destination)},
      {"0.0.0.0", udp("10.40.0.5", "0.0.0.0"), as_text(DropReason::foreign_destination)},
  };
  for (const Case& each : cases) {
    TestBurst burst({each.packet});
    ip_local(burst.burst, own);
    EXPECT_EQ(burst.outcome(), each.outcome) << each.sentence;
  }
}

// ---- ip_forward

class IpForwardTest : public testing::Test {
 protected:
  IpForwardTest() {
    EXPECT_TRUE(routes_.add({0x0a1e0000, 16}, 5));
    EXPECT_TRUE(routes_.add({0x0a1e0007, 32}, 6));
  }

  TestBurst forward(const std::vector<Datagram>& packets, bool client_to_client = false,
                    std::uint16_t type = wire::ether_type_ipv4) {
    TestBurst burst(packets, type);
    ip_forward(burst.burst, {.routes = routes_, .clients = &clients_, .client_to_client = client_to_client});
    return burst;
  }

  TestRoutes routes_;
  SessionTable clients_{0x0a280000, 256};
};

TEST_F(IpForwardTest, each_packet_of_a_burst_gets_its_own_next_hop) {
  std::vector<Datagram> packets;
  for (unsigned i = 0; i < max_burst; ++i) {
    constexpr std::array<std::string_view, 4> destinations = {"10.30.0.9", "10.30.0.7", "172.16.0.1",
                                                              "10.40.0.1"};
    packets.push_back(udp("10.40.0.5", destinations[i % 4]));
  }
  auto burst = forward(packets);
  for (unsigned i = 0; i < max_burst; i += 4) {
    EXPECT_EQ(burst.burst[i].next_hop, 5);
    EXPECT_EQ(burst.burst[i + 1].next_hop, 6);
    EXPECT_EQ(burst.outcome(i), "live");
    EXPECT_EQ(burst.outcome(i + 2), as_text(DropReason::no_route));
    EXPECT_EQ(burst.outcome(i + 3), as_text(DropReason::client_to_client));
  }
}

TEST_F(IpForwardTest, the_hop_costs_one_of_ttl_and_the_checksum_stays_right) {
  for (const unsigned ttl : {2u, 64u, 255u}) {
    auto burst = forward({udp("10.40.0.5", "10.30.0.9", {.ttl = static_cast<std::uint8_t>(ttl)})});
    ASSERT_EQ(burst.outcome(), "live");
    const auto bytes = burst.bytes();
    const auto ip = wire::Ipv4Packet::parse(bytes);
    EXPECT_EQ(ip->ttl(), ttl - 1);
    EXPECT_TRUE(ip->header_checksum_valid());
  }
  for (const unsigned ttl : {0u, 1u}) {
    const auto packet = with_checksum(changed(udp("10.40.0.5", "10.30.0.9"), 8, ttl));
    auto burst = forward({packet});
    EXPECT_EQ(burst.outcome(), as_text(DropReason::ttl_exceeded));
    EXPECT_EQ(burst.bytes(), packet);
  }
}

TEST_F(IpForwardTest, packets_for_other_clients_turn_back_where_it_is_allowed_and_that_is_a_hop_too) {
  auto burst =
      forward({udp("10.40.0.5", "10.40.0.6", {.ttl = 2}), udp("10.40.0.5", "10.40.0.6", {.ttl = 1})}, true);
  EXPECT_EQ(burst.outcome(0), as_text(Punt::to_client));
  EXPECT_EQ(burst.bytes(0), udp("10.40.0.5", "10.40.0.6", {.ttl = 1}));
  EXPECT_EQ(burst.outcome(1), as_text(DropReason::ttl_exceeded));
}

TEST_F(IpForwardTest, inner_ipv6_has_no_route_and_an_empty_burst_is_fine) {
  EXPECT_EQ(forward({Datagram(40)}, false, wire::ether_type_ipv6).outcome(), as_text(DropReason::no_route));
  EXPECT_EQ(forward({}).burst.live_count(), 0u);
}

TEST(TtlDecrement, the_last_hop_is_not_ours) {
  TestBurst burst({udp("10.30.0.9", "10.40.0.5", {.ttl = 2}), udp("10.30.0.9", "10.40.0.5", {.ttl = 1}),
                   with_checksum(changed(udp("10.30.0.9", "10.40.0.5"), 8, 0))});
  ttl_decrement(burst.burst);
  EXPECT_EQ(burst.outcome(0), "live");
  EXPECT_EQ(burst.bytes(0), udp("10.30.0.9", "10.40.0.5", {.ttl = 1}));
  EXPECT_EQ(burst.outcome(1), as_text(DropReason::ttl_exceeded));
  EXPECT_EQ(burst.outcome(2), as_text(DropReason::ttl_exceeded));
}

// ---- mss_clamp

Datagram tcp(std::uint8_t flags, std::uint16_t mss, const wire::Ipv4Fields& fields = {}) {
  return PacketBuilder()
      .ipv4("10.30.0.9", "10.40.0.5", fields)
      .tcp({.source_port = 1, .destination_port = 443, .flags = flags, .mss = mss})
      .build();
}

class MssClampTest : public testing::Test {
 protected:
  Datagram clamp(const Datagram& packet) {
    TestBurst burst({packet});
    burst.burst[0].session = &session_;
    mss_clamp(burst.burst);
    EXPECT_EQ(burst.outcome(), "live");
    return burst.bytes();
  }

  Session session_ = [] {
    Session session;
    session.inner_limit = 1400;
    return session;
  }();
};

TEST_F(MssClampTest, syn_and_syn_ack_are_lowered_to_what_fits) {
  for (const std::uint8_t flags : std::array<std::uint8_t, 3>{0x02, 0x12, 0xc2})
    EXPECT_EQ(clamp(tcp(flags, 1460)), tcp(flags, 1360));
}

TEST_F(MssClampTest, a_first_fragment_is_lowered_too) {
  EXPECT_EQ(clamp(tcp(2, 1460, {.more_fragments = true})), tcp(2, 1360, {.more_fragments = true}));
}

TEST_F(MssClampTest, what_need_not_be_lowered_stays) {
  const std::vector<Datagram> packets = {
      tcp(0x02, 1360),                                           // fits
      tcp(0x10, 1460),                                           // no SYN
      tcp(0x02, 1460, {.fragment_offset = 8}),                   // bytes of a later fragment say nothing
      changed(tcp(0x02, 1460), 9, 17),                           // not TCP
      resized(with_checksum(changed(tcp(2, 1460), 3, 33)), 33),  // too short for the flags
  };
  for (const Datagram& packet : packets) EXPECT_EQ(clamp(packet), packet);
}

TEST_F(MssClampTest, without_a_session_or_with_an_absurd_limit_nothing_happens) {
  const auto packet = tcp(0x02, 1460);
  session_.inner_limit = 40;
  EXPECT_EQ(clamp(packet), packet);
  TestBurst burst({packet});
  mss_clamp(burst.burst);
  EXPECT_EQ(burst.bytes(), packet);
  TestBurst ipv6({packet}, wire::ether_type_ipv6);
  ipv6.burst[0].session = &session_;
  mss_clamp(ipv6.burst);
  EXPECT_EQ(ipv6.bytes(), packet);
}

// ---- mtu_check

TEST(MtuCheck, to_a_client_the_inner_limit_counts) {
  Session session;
  session.inner_limit = 68;  // just what `udp` makes
  TestBurst burst({udp("10.30.0.9", "10.40.0.5"), udp("10.30.0.9", "10.40.0.5"),
                   udp("10.30.0.9", "10.40.0.5", {.dont_fragment = true})});
  for (unsigned i = 0; i < 3; ++i) burst.burst[i].session = &session;
  mtu_check_to_client(burst.burst);
  EXPECT_EQ(burst.burst.live_count(), 3u);
  session.inner_limit = 67;
  mtu_check_to_client(burst.burst);
  EXPECT_EQ(burst.outcome(0), as_text(Punt::fragment));
  EXPECT_EQ(burst.outcome(1), as_text(Punt::fragment));
  EXPECT_EQ(burst.outcome(2), as_text(DropReason::too_big));
}

TEST(MtuCheck, to_a_link_its_mtu_counts) {
  auto hops = std::make_unique<NextHopTable>();
  hops->set_port(1, {.source = {}, .mtu = 68});
  hops->set_port(2, {.source = {}, .mtu = 67});
  const NextHopId fits = hops->allocate({.destination = {}, .port = 1, .state = NextHop::State::glean});
  const NextHopId narrow = hops->allocate({.destination = {}, .port = 2, .state = NextHop::State::resolved});
  TestBurst burst({udp("10.40.0.5", "10.30.0.9"), udp("10.40.0.5", "10.30.0.9"),
                   udp("10.40.0.5", "10.30.0.9", {.dont_fragment = true})});
  burst.burst[0].next_hop = fits;
  burst.burst[1].next_hop = burst.burst[2].next_hop = narrow;
  mtu_check_to_link(burst.burst, *hops);
  EXPECT_EQ(burst.outcome(0), "live");
  EXPECT_EQ(burst.outcome(1), as_text(Punt::fragment));
  EXPECT_EQ(burst.outcome(2), as_text(DropReason::too_big));
}

// ---- owner_check

TEST(OwnerCheck, packets_of_another_workers_sa_are_handed_over) {
  InboundSa inbound(64);
  OutboundSa outbound;
  inbound.owner = outbound.owner = 3;
  for (const std::uint8_t self : std::array<std::uint8_t, 2>{3, 4}) {
    TestBurst in({udp("1.2.3.4", "5.6.7.8")}), out({udp("1.2.3.4", "5.6.7.8")});
    in.burst[0].inbound_sa = &inbound;
    out.burst[0].outbound_sa = &outbound;
    owner_check_inbound(in.burst, self);
    owner_check_outbound(out.burst, self);
    const std::string expected = self == 3 ? "live" : as_text(Punt::handover);
    EXPECT_EQ(in.outcome(), expected);
    EXPECT_EQ(out.outcome(), expected);
  }
}

}  // namespace
}  // namespace espgate::dataplane::test
