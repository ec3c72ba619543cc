// SPDX-License-Identifier: Apache-2.0
#include "wire/arp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

constexpr auto parse = [](Bytes bytes) { return ArpMessage::parse(bytes); };

// Who has 10.20.0.1? Tell 10.20.0.10; as a Linux host sent it.
constexpr std::string_view request_hex = "0001 0800 06 04 0001 021ab000f200 0a14000a 000000000000 0a140001";

TEST(ArpMessage, ReadsARequest) {
  const auto bytes = test::from_hex(request_hex);
  const auto request = ArpMessage::parse(bytes);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->operation, ArpOperation::request);
  EXPECT_EQ(request->sender_mac.to_string(), "02:1a:b0:00:f2:00");
  EXPECT_EQ(request->sender_ip, 0x0a14000au);
  EXPECT_EQ(request->target_mac, MacAddress{});
  EXPECT_EQ(request->target_ip, 0x0a140001u);
}

TEST(ArpMessage, IgnoresThePaddingOfTheFrame) {
  auto bytes = test::from_hex(request_hex);
  bytes.resize(46, std::byte{0xee});
  EXPECT_EQ(ArpMessage::parse(bytes).value(), ArpMessage::parse(test::from_hex(request_hex)).value());
}

TEST(ArpMessage, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"hardware that is not Ethernet", "0006 0800 06 04 0001 021ab000f200 0a14000a 000000000000 0a140001",
       ParseError::unsupported},
      {"a protocol that is not IPv4", "0001 86dd 06 04 0001 021ab000f200 0a14000a 000000000000 0a140001",
       ParseError::unsupported},
      {"hardware addresses of 8 bytes", "0001 0800 08 04 0001 021ab000f200 0a14000a 000000000000 0a140001",
       ParseError::unsupported},
      {"protocol addresses of 16 bytes", "0001 0800 06 10 0001 021ab000f200 0a14000a 000000000000 0a140001",
       ParseError::unsupported},
      {"reverse ARP", "0001 0800 06 04 0003 021ab000f200 0a14000a 000000000000 0a140001",
       ParseError::unsupported},
      {"an operation whose low byte is a request's",
       "0001 0800 06 04 0101 021ab000f200 0a14000a 000000000000 0a140001", ParseError::unsupported},
      {"operation 0", "0001 0800 06 04 0000 021ab000f200 0a14000a 000000000000 0a140001",
       ParseError::unsupported},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused(request_hex, arp_length, parse);
}

TEST(ArpBuilder, WritesTheBytesThatWereRead) {
  const auto bytes = test::from_hex(request_hex);
  const auto message = ArpMessage::parse(bytes).value();
  const auto built =
      test::built_in_poisoned_buffers(60, [&](MutableBytes out) { return build_arp(out, message); });
  EXPECT_EQ(test::to_hex(built), test::to_hex(bytes));
}

TEST(ArpReply, TurnsTheRequestAround) {
  const auto request = ArpMessage::parse(test::from_hex(request_hex)).value();
  const MacAddress own{{std::byte{2}, {}, {}, {}, {}, std::byte{9}}};
  const auto reply = test::built_in_poisoned_buffers(
      arp_length, [&](MutableBytes out) { return build_arp(out, arp_reply_to(request, own)); });
  EXPECT_EQ(test::to_hex(reply),
            "0001080006040002"
            "020000000009"
            "0a140001"
            "021ab000f200"
            "0a14000a");
}

}  // namespace
}  // namespace espgate::wire
