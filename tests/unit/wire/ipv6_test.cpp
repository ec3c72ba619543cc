// SPDX-License-Identifier: Apache-2.0
#include "wire/ipv6.h"

#include "tests/unit/wire/bytes.h"
#include "wire/ipv4.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return Ipv6Packet::parse(bytes); };

constexpr std::string_view udp_hex =
    "612abcde 000a 11 3f 20010db8000000000000000000000001 20010db8000000000000000000000002 "
    "00010002000a2be97879";

TEST(Ipv6Packet, ReadsItsFields) {
  const auto bytes = from_hex(udp_hex);
  const auto packet = Ipv6Packet::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header_length(), 40u);
  EXPECT_EQ(packet->total_length(), 50u);
  EXPECT_EQ(packet->traffic_class(), 0x12);
  EXPECT_EQ(packet->flow_label(), 0xabcdeu);
  EXPECT_EQ(packet->next_header(), ip_protocol_udp);
  EXPECT_EQ(packet->hop_limit(), 63);
  EXPECT_EQ(packet->source().to_string(), "2001:db8::1");
  EXPECT_EQ(packet->destination().to_string(), "2001:db8::2");
  EXPECT_EQ(to_hex(packet->payload()), "00010002000a2be97879");
}

TEST(Ipv6Packet, LeavesLinkPaddingOut) {
  auto bytes = from_hex(udp_hex);
  bytes.resize(64, std::byte{0xee});
  EXPECT_EQ(Ipv6Packet::parse(bytes).value().total_length(), 50u);
}

TEST(Ipv6Packet, DoesNotWalkExtensionHeaders) {
  // The multicast listener report that a Linux host sends first of all: hop-by-hop options, then ICMPv6.
  const auto bytes = from_hex(
      "60000000 0024 00 01 fe80000000000000001ab0fffe00f200 ff020000000000000000000000000016"
      "3a000502000001008f00ddec0000000104000000ff0200000000000000000001ff00f200");
  const auto packet = Ipv6Packet::parse(bytes).value();
  EXPECT_EQ(packet.next_header(), 0);
  EXPECT_EQ(packet.payload()[0], std::byte{ip_protocol_icmpv6});
}

TEST(Ipv6Packet, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"39 bytes", "60000000 0000 3b 40 20010db8000000000000000000000001 20010db80000000000000000000000",
       ParseError::truncated},
      {"IPv4's version",
       "40000000 0000 3b 40 20010db8000000000000000000000001 20010db8000000000000000000000002",
       ParseError::bad_version},
      {"a payload that is not there",
       "60000000 0001 3b 40 20010db8000000000000000000000001 20010db8000000000000000000000002",
       ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused(udp_hex, 50, parse);
}

TEST(Ipv6Builder, WritesTheHeaderThatWasRead) {
  const Ipv6Fields fields{.payload_length = 10,
                          .traffic_class = 0x12,
                          .flow_label = 0xabcde,
                          .next_header = ip_protocol_udp,
                          .hop_limit = 63,
                          .source = IpAddress::from_string("2001:db8::1").value(),
                          .destination = IpAddress::from_string("2001:db8::2").value()};
  const auto header =
      test::built_in_poisoned_buffers(64, [&](MutableBytes out) { return build_ipv6(out, fields); });
  EXPECT_EQ(to_hex(header), to_hex(Bytes(from_hex(udp_hex)).first(40)));
}

}  // namespace
}  // namespace espgate::wire
