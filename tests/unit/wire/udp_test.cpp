// SPDX-License-Identifier: Apache-2.0
#include "wire/udp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return UdpDatagram::parse(bytes); };

constexpr std::uint32_t source = 0x0a000001;
constexpr std::uint32_t destination = 0x0a000002;

TEST(UdpDatagram, ReadsItsFields) {
  const auto bytes = from_hex("1194 06a5 000b beef 010203");
  const auto datagram = UdpDatagram::parse(bytes);
  ASSERT_TRUE(datagram);
  EXPECT_EQ(datagram->source_port(), 4500);
  EXPECT_EQ(datagram->destination_port(), udp_port_l2tp);
  EXPECT_EQ(datagram->length(), 11u);
  EXPECT_EQ(datagram->checksum(), 0xbeef);
  EXPECT_EQ(to_hex(datagram->payload()), "010203");
}

TEST(UdpDatagram, EndsWhereItsLengthSays) {
  const auto bytes = from_hex("1194 1194 0009 0000 ff eeeeee");
  EXPECT_EQ(to_hex(UdpDatagram::parse(bytes).value().payload()), "ff");
}

TEST(UdpDatagram, MayBeEmpty) {
  const auto bytes = from_hex("1194 1194 0008 0000");
  EXPECT_TRUE(UdpDatagram::parse(bytes).value().payload().empty());
}

TEST(UdpDatagram, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"7 bytes", "1194 1194 0008 00", ParseError::truncated},
      {"a length of 0", "1194 1194 0000 0000", ParseError::bad_length},
      {"a length below the header's", "1194 1194 0007 0000", ParseError::bad_length},
      {"a length beyond the bytes", "1194 1194 0009 0000", ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("1194 06a5 000b beef 010203", 11, parse);
}

TEST(UdpChecksum, KnownVectors) {
  struct Case {
    std::string_view sentence, hex;
    std::uint16_t checksum;
  };
  const Case cases[] = {
      {"seven bytes of payload", "0035 0400 000f 82a5 68656c6c6f2121", 0x82a5},
      {"eight bytes", "0035 0400 0010 8282 68656c6c6f212121", 0x8282},
      {"whatever the field holds", "0035 0400 0010 ffff 68656c6c6f212121", 0x8282},
      {"no payload", "0000 0000 0008 0000", 0xebdb},
      {"a sum of 0 is sent as its other form (RFC 768)", "ebdb 0000 0008 0000", 0xffff},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    EXPECT_EQ(udp_checksum(source, destination, from_hex(c.hex)), c.checksum);
  }
}

TEST(UdpChecksum, Verdicts) {
  struct Case {
    std::string_view sentence, hex;
    bool valid;
  };
  const Case cases[] = {
      {"the right one", "0035 0400 000f 82a5 68656c6c6f2121", true},
      {"none", "0035 0400 000f 0000 68656c6c6f2121", true},
      {"a wrong one", "0035 0400 000f 82a6 68656c6c6f2121", false},
      {"a changed payload", "0035 0400 000f 82a5 68656c6c6f2120", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    EXPECT_EQ(udp_checksum_valid(source, destination, UdpDatagram::parse(bytes).value()), c.valid);
  }
}

TEST(UdpBuilder, WritesTheHeader) {
  const auto header = test::built_in_poisoned_buffers(
      16, [](MutableBytes out) { return build_udp(out, {udp_port_natt, udp_port_ike, 3, 0xbeef}); });
  EXPECT_EQ(to_hex(header), "119401f4000bbeef");
}

}  // namespace
}  // namespace espgate::wire
