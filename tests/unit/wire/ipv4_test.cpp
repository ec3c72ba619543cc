// SPDX-License-Identifier: Apache-2.0
#include "wire/ipv4.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return Ipv4Packet::parse(bytes); };

// An echo request from inside the tunnel of a real session: 29 bytes, one of them data.
constexpr std::string_view echo_hex = "4500001d 327d4000 4001f409 0a28000a 0a1e000a  0800f3bc 04420001 00";

TEST(Ipv4Packet, ReadsItsFields) {
  const auto bytes = from_hex(echo_hex);
  const auto packet = Ipv4Packet::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header_length(), 20u);
  EXPECT_EQ(packet->total_length(), 29u);
  EXPECT_EQ(packet->dscp_ecn(), 0);
  EXPECT_EQ(packet->identification(), 0x327d);
  EXPECT_TRUE(packet->dont_fragment());
  EXPECT_FALSE(packet->is_fragment());
  EXPECT_EQ(packet->ttl(), 64);
  EXPECT_EQ(packet->protocol(), ip_protocol_icmp);
  EXPECT_EQ(packet->source(), 0x0a28000au);
  EXPECT_EQ(packet->destination(), 0x0a1e000au);
  EXPECT_EQ(to_hex(packet->payload()), "0800f3bc0442000100");
  EXPECT_TRUE(packet->header_checksum_valid());
}

TEST(Ipv4Packet, TellsFragments) {
  struct Case {
    std::string_view sentence, flags;
    bool dont, more, fragment;
    std::size_t offset;
  };
  const Case cases[] = {
      {"a whole packet", "0000", false, false, false, 0},
      {"a whole packet that must stay so", "4000", true, false, false, 0},
      {"a first fragment", "2000", false, true, true, 0},
      {"one in the middle", "20b9", false, true, true, 1480},
      {"the last", "0172", false, false, true, 2960},
      {"the last that can be", "1fff", false, false, true, 65528},
      {"the reserved bit means nothing", "8000", false, false, false, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex("45000014 0001" + std::string(c.flags) + "40110000 0a000001 0a000002");
    const auto packet = Ipv4Packet::parse(bytes);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->dont_fragment(), c.dont);
    EXPECT_EQ(packet->more_fragments(), c.more);
    EXPECT_EQ(packet->is_fragment(), c.fragment);
    EXPECT_EQ(packet->fragment_offset(), c.offset);
  }
}

TEST(Ipv4Packet, LeavesLinkPaddingOut) {
  const auto bytes = from_hex("45000016 00000000 40110000 0a000001 0a000002 abcd 000000000000");
  const auto packet = Ipv4Packet::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(to_hex(packet->payload()), "abcd");
  EXPECT_EQ(packet->bytes().size(), 22u);
}

TEST(Ipv4Packet, TakesOptions) {
  const auto bytes = from_hex("46000019 00000000 40110000 0a000001 0a000002 94040000 ee");  // router alert
  const auto packet = Ipv4Packet::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header_length(), 24u);
  EXPECT_EQ(packet->header().size(), 24u);
  EXPECT_EQ(to_hex(packet->payload()), "ee");
}

TEST(Ipv4Packet, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"IPv6", "65000014 00000000 40110000 0a000001 0a000002", ParseError::bad_version},
      {"a header of 16 bytes", "44000014 00000000 40110000 0a000001 0a000002", ParseError::bad_header_length},
      {"a header longer than the packet", "46000018 00000000 40110000 0a000001 0a000002",
       ParseError::bad_header_length},
      {"a total length below the header's", "45000013 00000000 40110000 0a000001 0a000002",
       ParseError::bad_length},
      {"a total length that leaves options out", "46000014 00000000 40110000 0a000001 0a000002 94040000",
       ParseError::bad_length},
      {"a total length of 0, as of TSO", "45000000 00000000 40110000 0a000001 0a000002",
       ParseError::bad_length},
      {"a total length beyond the bytes", "45000015 00000000 40110000 0a000001 0a000002",
       ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused(echo_hex, 29, parse);
}

TEST(Ipv4Packet, SeesAnyFlippedBitOfTheHeader) {
  for (std::size_t bit = 0; bit < 160; ++bit) {
    auto bytes = from_hex(echo_hex);
    bytes[bit / 8] ^= std::byte(1u << (bit % 8));
    const auto packet = Ipv4Packet::parse(bytes);
    EXPECT_FALSE(packet && packet->header_checksum_valid()) << "bit " << bit;
  }
}

TEST(Ipv4Builder, WritesTheHeaderThatWasRead) {
  const Ipv4Fields fields{.total_length = 29,
                          .identification = 0x327d,
                          .dont_fragment = true,
                          .protocol = ip_protocol_icmp,
                          .source = 0x0a28000a,
                          .destination = 0x0a1e000a};
  const auto header =
      test::built_in_poisoned_buffers(40, [&](MutableBytes out) { return build_ipv4(out, fields); });
  EXPECT_EQ(to_hex(header), to_hex(Bytes(from_hex(echo_hex)).first(20)));
}

TEST(Ipv4Builder, WritesEveryField) {
  const Ipv4Fields fields{.total_length = 65535,
                          .dscp_ecn = 0xb9,
                          .identification = 0xbeef,
                          .dont_fragment = false,
                          .more_fragments = true,
                          .fragment_offset = 1480,
                          .ttl = 1,
                          .protocol = ip_protocol_esp,
                          .source = 0xfffffffe,
                          .destination = 1};
  auto header =
      test::built_in_poisoned_buffers(20, [&](MutableBytes out) { return build_ipv4(out, fields); });
  header.resize(65535);
  const auto packet = Ipv4Packet::parse(header).value();
  EXPECT_EQ(packet.total_length(), 65535u);
  EXPECT_EQ(packet.dscp_ecn(), 0xb9);
  EXPECT_EQ(packet.identification(), 0xbeef);
  EXPECT_FALSE(packet.dont_fragment());
  EXPECT_TRUE(packet.more_fragments());
  EXPECT_EQ(packet.fragment_offset(), 1480u);
  EXPECT_EQ(packet.ttl(), 1);
  EXPECT_EQ(packet.protocol(), ip_protocol_esp);
  EXPECT_EQ(packet.source(), 0xfffffffe);
  EXPECT_EQ(packet.destination(), 1u);
  EXPECT_TRUE(packet.header_checksum_valid());
}

TEST(DecrementTtl, KeepsTheChecksumRightForEveryTtl) {
  for (unsigned ttl = 255; ttl > 0; --ttl) {
    const Ipv4Fields fields{.total_length = 20,
                            .ttl = static_cast<std::uint8_t>(ttl),
                            .protocol = 17,
                            .source = 0x0a000000 + ttl * 0x01010101,
                            .destination = 0x0a000002};
    std::array<std::byte, 20> header{};
    build_ipv4(header, fields);
    decrement_ttl(header.data());
    const auto packet = Ipv4Packet::parse(header).value();
    EXPECT_EQ(packet.ttl(), ttl - 1);
    EXPECT_EQ(packet.protocol(), 17);
    EXPECT_TRUE(packet.header_checksum_valid()) << "TTL " << ttl;
  }
}

}  // namespace
}  // namespace espgate::wire
