// SPDX-License-Identifier: Apache-2.0
#include "wire/icmp.h"

#include "tests/packet_builder.h"
#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::PacketBuilder;
using test::to_hex;

TEST(IcmpMessage, ReadsAnEcho) {
  const auto bytes = from_hex("0800 542f 1234 0007 6162636465666768");
  const auto message = IcmpMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type(), icmp_echo_request);
  EXPECT_EQ(message->code(), 0);
  EXPECT_EQ(message->identifier(), 0x1234);
  EXPECT_EQ(message->sequence(), 7);
  EXPECT_EQ(to_hex(message->payload()), "6162636465666768");
  EXPECT_TRUE(message->checksum_valid());
  EXPECT_FALSE(message->is_error());
}

TEST(IcmpMessage, ReadsFragmentationNeeded) {
  const auto bytes = from_hex("0304 b267 0000 0578 4500001c");
  const auto message = IcmpMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_error());
  EXPECT_TRUE(message->is_fragmentation_needed());
  EXPECT_EQ(message->next_hop_mtu(), 1400);
  EXPECT_EQ(to_hex(message->payload()), "4500001c");
  EXPECT_TRUE(message->checksum_valid());
}

TEST(IcmpMessage, OtherUnreachablesAreNotFragmentationNeeded) {
  EXPECT_FALSE(IcmpMessage::parse(from_hex("0303 0000 0000 0578")).value().is_fragmentation_needed());
  EXPECT_FALSE(IcmpMessage::parse(from_hex("0b04 0000 0000 0578")).value().is_fragmentation_needed());
}

TEST(IcmpMessage, RefusesEveryCut) {
  test::expect_every_prefix_refused("0800 542f 1234 0007", 8, [](Bytes b) { return IcmpMessage::parse(b); });
}

TEST(IcmpMessage, SeesAWrongChecksum) {
  EXPECT_FALSE(IcmpMessage::parse(from_hex("0800 542e 1234 0007 6162636465666768")).value().checksum_valid());
  EXPECT_FALSE(IcmpMessage::parse(from_hex("0800 542f 1234 0008 6162636465666768")).value().checksum_valid());
}

TEST(IcmpBuilder, WritesHeaderPayloadAndChecksum) {
  struct Case {
    std::string_view sentence;
    IcmpFields fields;
    std::string_view payload, hex;
  };
  const Case cases[] = {
      {"echo request", echo_request(0x1234, 7), "6162636465666768", "0800542f123400076162636465666768"},
      {"its reply", echo_reply(0x1234, 7), "6162636465666768", "00005c2f123400076162636465666768"},
      {"fragmentation needed", fragmentation_needed(1400), "4500001c", "0304b267000005784500001c"},
      {"host unreachable", destination_unreachable(icmp_code_host), "", "0301fcfe00000000"},
      {"time exceeded", time_exceeded_in_transit(), "ab", "0b0049ff00000000ab"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto payload = from_hex(c.payload);
    const auto bytes = test::built_in_poisoned_buffers(
        64, [&](MutableBytes out) { return build_icmp(out, c.fields, payload); });
    EXPECT_EQ(to_hex(bytes), c.hex);
    EXPECT_TRUE(IcmpMessage::parse(bytes).value().checksum_valid());
  }
}

TEST(IcmpBuilder, TakesAPayloadThatOverlapsItsPlace) {
  auto buffer = from_hex("6162636465666768 0000000000000000");
  build_icmp(buffer, echo_request(0x1234, 7), Bytes(buffer).first(8));
  EXPECT_EQ(to_hex(buffer), "0800542f123400076162636465666768");
}

TEST(EchoReply, IsMadeInPlace) {
  for (unsigned i = 0; i < 0x10000; i += 251) {
    std::array<std::byte, 10> message{};
    build_icmp(message, echo_request(static_cast<std::uint16_t>(i), 0xffff), from_hex("0102"));
    turn_into_echo_reply(message);
    const auto reply = IcmpMessage::parse(message).value();
    EXPECT_EQ(reply.type(), icmp_echo_reply);
    EXPECT_EQ(reply.identifier(), i);
    EXPECT_TRUE(reply.checksum_valid()) << "identifier " << i;
  }
}

TEST(EchoReply, OfNothingButZerosHasAChecksumThatVerifies) {
  std::array<std::byte, 16> message{};
  build_icmp(message, echo_request(0, 0), from_hex("0000000000000000"));
  turn_into_echo_reply(message);
  EXPECT_EQ(to_hex(message), "0000ffff000000000000000000000000");
  EXPECT_TRUE(IcmpMessage::parse(message).value().checksum_valid());
}

TEST(IcmpError, QuotesUpTo576BytesInAll) {
  struct Case {
    std::size_t payload_length, quote;
  };
  for (const auto& c : {Case{0, 20}, Case{528, 548}, Case{529, 548}, Case{1480, 548}}) {
    const auto bytes = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").payload(c.payload_length).build();
    EXPECT_EQ(icmp_quote_length(Ipv4Packet::parse(bytes).value()), c.quote) << c.payload_length;
  }
}

TEST(IcmpError, IsNotCausedByEverything) {
  const auto from_to = [](std::string_view source, std::string_view destination) {
    return PacketBuilder().ipv4(source, destination).udp(1, 2).payload(8);
  };
  const auto with_icmp = [](const IcmpFields& fields) {
    return PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").icmp(fields).payload(8);
  };
  const auto fragment = [](std::size_t offset, bool more) {
    return PacketBuilder()
        .ipv4("10.0.0.1", "10.0.0.2", {.more_fragments = more, .fragment_offset = offset})
        .payload(8);
  };
  struct Case {
    std::string_view sentence;
    PacketBuilder packet;
    bool allowed;
  };
  const Case cases[] = {
      {"UDP between two hosts", from_to("10.0.0.1", "10.0.0.2"), true},
      {"from multicast", from_to("224.0.0.1", "10.0.0.2"), false},
      {"from any", from_to("0.0.0.0", "10.0.0.2"), false},
      {"from loopback", from_to("127.0.0.1", "10.0.0.2"), false},
      {"to multicast", from_to("10.0.0.1", "239.255.255.250"), false},
      {"to the limited broadcast", from_to("10.0.0.1", "255.255.255.255"), false},
      {"an echo request", with_icmp(echo_request(1, 1)), true},
      {"an echo reply", with_icmp(echo_reply(1, 1)), true},
      {"time exceeded", with_icmp(time_exceeded_in_transit()), false},
      {"an unreachable", with_icmp(destination_unreachable(icmp_code_port)), false},
      {"a redirect", with_icmp({5, 0, 0}), false},
      {"a first fragment", fragment(0, true), true},
      {"a second fragment", fragment(1480, true), false},
      {"ICMP without a first byte",
       PacketBuilder().ipv4("10.0.0.1", "10.0.0.2", {.protocol = ip_protocol_icmp}), false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence) + ": " + c.packet.scapy());
    const auto bytes = c.packet.build();
    EXPECT_EQ(may_cause_icmp_error(Ipv4Packet::parse(bytes).value()), c.allowed);
  }
}

}  // namespace
}  // namespace espgate::wire
