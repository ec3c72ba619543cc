// SPDX-License-Identifier: Apache-2.0
#include "dataplane/icmp_reply.h"

#include "tests/packet_builder.h"
#include "tests/unit/dataplane/test_burst.h"

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

using espgate::test::PacketBuilder;

constexpr std::uint32_t gateway = 0x0a1e0001;  // 10.30.0.1

Datagram udp(std::size_t payload, const wire::Ipv4Fields& fields = {}) {
  return PacketBuilder().ipv4("10.30.0.9", "10.40.0.5", fields).udp(1000, 2000).payload(payload).build();
}

// Makes the error about `offending`; its bytes, or nothing.
struct Made {
  bool sent;
  Datagram bytes;
  Packet packet;
};

Made error_about(const Datagram& offending, const wire::IcmpFields& error,
                 std::uint16_t headroom = Buffers::headroom, std::uint32_t source = gateway) {
  TestBurst burst({offending});
  burst.burst[0].headroom = headroom;
  burst.burst[0].next_hop = 7;
  const bool sent = turn_into_icmp_error(burst.burst[0], error, source);
  return {sent, burst.bytes(), burst.burst[0]};
}

TEST(IcmpError, is_a_sound_packet_to_the_source_that_quotes_the_beginning) {
  for (const std::size_t payload : {0u, 1u, 100u, 519u, 520u, 521u, 1400u}) {
    const Datagram offending = udp(payload);
    const Made made = error_about(offending, wire::time_exceeded_in_transit());
    ASSERT_TRUE(made.sent);
    const auto ip = wire::Ipv4Packet::parse(made.bytes);
    ASSERT_TRUE(ip);
    EXPECT_EQ(ip->total_length(), made.bytes.size());
    EXPECT_LE(ip->total_length(), 576u);
    EXPECT_TRUE(ip->header_checksum_valid());
    EXPECT_EQ(ip->source(), gateway);
    EXPECT_EQ(ip->destination(), 0x0a1e0009u);
    EXPECT_EQ(ip->ttl(), 64);
    const auto icmp = wire::IcmpMessage::parse(ip->payload());
    ASSERT_TRUE(icmp);
    EXPECT_TRUE(icmp->checksum_valid());
    EXPECT_EQ(icmp->type(), wire::icmp_time_exceeded);
    const auto quote = icmp->payload();
    EXPECT_EQ(quote.size(), std::min<std::size_t>(offending.size(), 548));
    EXPECT_TRUE(std::equal(quote.begin(), quote.end(), offending.begin()));
  }
}

TEST(IcmpError, says_which_mtu_would_have_fitted) {
  const Made made = error_about(udp(1400, {.dont_fragment = true}), wire::fragmentation_needed(1380));
  ASSERT_TRUE(made.sent);
  const auto icmp = wire::IcmpMessage::parse(wire::Ipv4Packet::parse(made.bytes)->payload());
  EXPECT_TRUE(icmp->is_fragmentation_needed());
  EXPECT_EQ(icmp->next_hop_mtu(), 1380);
}

TEST(IcmpError, keeps_account_of_the_room_around_it) {
  const Made made = error_about(udp(1400), wire::time_exceeded_in_transit());
  EXPECT_EQ(made.packet.headroom, Buffers::headroom - icmp_error_headroom);
  EXPECT_EQ(made.packet.headroom + made.packet.length + made.packet.tailroom,
            Buffers::headroom + 1428 + Buffers::tailroom);
  EXPECT_EQ(made.packet.next_hop, 0) << "it goes another way than the packet did";
}

TEST(IcmpError, is_not_sent_where_nobody_may_be_told) {
  struct Case {
    const char* sentence;
    Datagram offending;
  };
  const auto between = [](std::string_view source, std::string_view destination) {
    return PacketBuilder().ipv4(source, destination).udp(1, 2).build();
  };
  const std::vector<Case> cases = {
      {"an ICMP error", PacketBuilder()
                            .ipv4("10.30.0.9", "10.40.0.5")
                            .icmp(wire::time_exceeded_in_transit())
                            .payload(28)
                            .build()},
      {"an ICMP message without type",
       PacketBuilder().ipv4("10.30.0.9", "10.40.0.5", {.protocol = 1}).build()},
      {"a later fragment", udp(40, {.fragment_offset = 8})},
      {"to multicast", between("10.30.0.9", "224.0.0.9")},
      {"to limited broadcast", between("10.30.0.9", "255.255.255.255")},
      {"from nowhere", between("0.0.0.0", "10.40.0.5")},
      {"from multicast", between("224.0.0.1", "10.40.0.5")},
      {"from loopback", between("127.0.0.1", "10.40.0.5")},
      {"half a header", Datagram(10, std::byte{0x45})},
  };
  for (const Case& each : cases) {
    const Made made = error_about(each.offending, wire::time_exceeded_in_transit());
    EXPECT_FALSE(made.sent) << each.sentence;
    EXPECT_EQ(made.bytes, each.offending) << each.sentence;
  }
}

TEST(IcmpError, an_echo_request_may_be_told_about) {
  const auto ping = PacketBuilder().ipv4("10.30.0.9", "10.40.0.5").icmp(wire::echo_request(1, 1)).build();
  EXPECT_TRUE(error_about(ping, wire::time_exceeded_in_transit()).sent);
}

TEST(IcmpError, needs_room_before_the_packet_and_an_address_to_come_from) {
  EXPECT_TRUE(error_about(udp(8), wire::time_exceeded_in_transit(), icmp_error_headroom).sent);
  EXPECT_FALSE(error_about(udp(8), wire::time_exceeded_in_transit(), icmp_error_headroom - 1).sent);
  EXPECT_FALSE(error_about(udp(8), wire::time_exceeded_in_transit(), 100, 0).sent);
}

TEST(IcmpError, only_udp_has_ports_that_can_be_unreachable) {
  const auto unreachable = wire::destination_unreachable(wire::icmp_code_port);
  EXPECT_TRUE(error_about(udp(8), unreachable).sent);
  const auto tcp = PacketBuilder().ipv4("10.30.0.9", "10.40.0.5").tcp({.flags = 2}).build();
  EXPECT_FALSE(error_about(tcp, unreachable).sent);
}

TEST(IcmpErrorFor, the_drops_that_a_sender_is_told_of) {
  struct Case {
    DropReason reason;
    std::uint8_t type, code;
  };
  const std::vector<Case> told = {
      {DropReason::ttl_exceeded, 11, 0},     {DropReason::no_route, 3, 0}, {DropReason::no_session, 3, 1},
      {DropReason::client_to_client, 3, 13}, {DropReason::too_big, 3, 4},  {DropReason::no_neighbour, 3, 1},
      {DropReason::local_unwanted, 3, 3},
  };
  unsigned count = 0;
  for (std::size_t i = 0; i < drop_reason_count; ++i)
    count += icmp_error_for(static_cast<DropReason>(i), 1400) ? 1 : 0;
  EXPECT_EQ(count, told.size()) << "of all others nobody hears";
  for (const Case& each : told) {
    const auto error = icmp_error_for(each.reason, 1400);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->type, each.type);
    EXPECT_EQ(error->code, each.code);
    EXPECT_EQ(error->rest, each.reason == DropReason::too_big ? 1400u : 0u);
  }
}

Datagram ping(const wire::Ipv4Fields& fields = {}, std::size_t payload = 56) {
  return PacketBuilder()
      .ipv4("10.40.0.5", "10.30.0.1", fields)
      .icmp(wire::echo_request(7, 9))
      .payload(payload)
      .build();
}

TEST(EchoReply, is_what_a_builder_would_have_made) {
  for (const std::size_t payload : {0u, 1u, 56u, 1372u}) {
    TestBurst burst({ping({.dscp_ecn = 0x28, .identification = 77, .ttl = 3}, payload)});
    ASSERT_TRUE(turn_into_echo_reply(burst.burst[0]));
    EXPECT_EQ(burst.bytes(),
              PacketBuilder()
                  .ipv4("10.30.0.1", "10.40.0.5", {.dscp_ecn = 0x28, .identification = 77, .ttl = 64})
                  .icmp(wire::echo_reply(7, 9))
                  .payload(payload)
                  .build());
  }
}

TEST(EchoReply, options_and_link_padding_do_not_come_back) {
  const Datagram plain = ping();
  Datagram with_options(plain.begin(), plain.begin() + 20);
  for (const unsigned option : {7u, 7u, 4u, 0u, 0u, 0u, 0u, 0u})
    with_options.push_back(std::byte(option));  // record route
  with_options.insert(with_options.end(), plain.begin() + 20, plain.end());
  with_options[0] = std::byte{0x47};
  wire::store_big_endian(with_options.data() + 2, static_cast<std::uint16_t>(with_options.size()));
  with_options.resize(with_options.size() + 5, std::byte{0xee});
  TestBurst burst({with_options});
  ASSERT_TRUE(turn_into_echo_reply(burst.burst[0]));
  const auto bytes = burst.bytes();
  const auto ip = wire::Ipv4Packet::parse(bytes);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->header_length(), 20u);
  EXPECT_EQ(bytes.size(), plain.size());
  EXPECT_TRUE(ip->header_checksum_valid());
  EXPECT_TRUE(wire::IcmpMessage::parse(ip->payload())->checksum_valid());
  EXPECT_EQ(burst.burst[0].headroom, Buffers::headroom + 8);
  EXPECT_EQ(burst.burst[0].tailroom, Buffers::tailroom + 5);
}

TEST(EchoReply, is_not_made_of_anything_else) {
  auto damaged = ping();
  damaged.back() ^= std::byte{1};
  struct Case {
    const char* sentence;
    Datagram packet;
  };
  const std::vector<Case> cases = {
      {"a wrong ICMP checksum", damaged},
      {"a first fragment", ping({.more_fragments = true})},
      {"a later fragment", ping({.fragment_offset = 8})},
      {"an echo reply", PacketBuilder().ipv4("10.40.0.5", "10.30.0.1").icmp(wire::echo_reply(1, 1)).build()},
      {"UDP", udp(8)},
      {"half an ICMP header",
       PacketBuilder().ipv4("10.40.0.5", "10.30.0.1", {.protocol = 1}).payload("\x08").build()},
      {"from broadcast",
       PacketBuilder().ipv4("255.255.255.255", "10.30.0.1").icmp(wire::echo_request(1, 1)).build()},
      {"to multicast", PacketBuilder().ipv4("10.40.0.5", "224.0.0.1").icmp(wire::echo_request(1, 1)).build()},
      {"half an IP header", Datagram(12, std::byte{0x45})},
  };
  for (const Case& each : cases) {
    TestBurst burst({each.packet});
    EXPECT_FALSE(turn_into_echo_reply(burst.burst[0])) << each.sentence;
    EXPECT_EQ(burst.bytes(), each.packet) << each.sentence;
  }
}

}  // namespace
}  // namespace espgate::dataplane::test
