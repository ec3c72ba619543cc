// SPDX-License-Identifier: Apache-2.0
#include "wire/tcp_mss.h"

#include "tests/packet_builder.h"
#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr std::uint32_t source = 0xc0000201;
constexpr std::uint32_t destination = 0xc6336407;

// A segment with these options, flags and a right checksum between the addresses above.
test::ByteVector segment_with(std::string_view options_hex, std::uint8_t flags = 0x02) {
  const auto options = from_hex(options_hex);
  EXPECT_EQ(options.size() % 4, 0u);
  test::ByteVector segment = from_hex("c000 01bb 00000001 00000000 00 00 faf0 0000 0000");
  segment[12] = std::byte((5 + options.size() / 4) << 4);
  segment[13] = std::byte{flags};
  segment.insert(segment.end(), options.begin(), options.end());
  const auto start = pseudo_header_sum(source, destination, ip_protocol_tcp, segment.size());
  store_big_endian(segment.data() + 16, internet_checksum(segment, start));
  return segment;
}

bool checksum_valid(Bytes segment) {
  return internet_checksum(segment,
                           pseudo_header_sum(source, destination, ip_protocol_tcp, segment.size())) == 0;
}

TEST(ClampTcpMss, LowersTheOption) {
  struct Case {
    std::string_view sentence, options;
    std::uint8_t flags;
    std::string_view after;
  };
  const Case cases[] = {
      {"first of a Linux SYN's", "020405b4 04020103 03070000", 0x02, "020405500402010303070000"},
      {"in a SYN-ACK", "020405b4", 0x12, "02040550"},
      {"behind two NOPs", "0101 0204 05b4 0000", 0x02, "0101020405500000"},
      {"at an odd offset", "01 0204ffff 01 0100", 0x02, "0102040550010100"},
      {"behind timestamps", "080a 00000001 00000000 0204 05b4 0000", 0x02,
       "080a0000000100000000020405500000"},
      {"behind an option of an unknown kind", "fd04 abcd 0204 05b4", 0x02, "fd04abcd02040550"},
      {"with explicit congestion notification", "020405b4", 0xc2, "02040550"},
      {"both, if there are two", "020405b4 02040600", 0x02, "0204055002040550"},
      {"the one of two that is too high", "02040100 02040600", 0x02, "0204010002040550"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    auto segment = segment_with(c.options, c.flags);
    EXPECT_TRUE(clamp_tcp_mss(segment, 1360));
    EXPECT_EQ(to_hex(Bytes(segment).subspan(20)), c.after);
    EXPECT_TRUE(checksum_valid(segment));
  }
}

TEST(ClampTcpMss, LeavesAlone) {
  struct Case {
    std::string_view sentence, options;
    std::uint8_t flags;
  };
  const Case cases[] = {
      {"a value that is low enough", "02040218", 0x02},
      {"a value that is just right", "02040550", 0x02},
      {"a SYN without options", "", 0x02},
      {"a SYN without the option", "01010402", 0x02},
      {"a segment that is no SYN", "020405b4", 0x10},
      {"what follows the end of the options", "00000000 020405b4", 0x02},
      {"an MSS option of a wrong length", "0206 05b4 0000 0000", 0x02},
      {"options with a length of 0", "0300 0000 020405b4", 0x02},
      {"options with a length of 1", "0301 0000 020405b4", 0x02},
      {"an option longer than the header", "0328 0000 020405b4", 0x02},
      {"a kind in the last byte", "010101 02", 0x02},
      {"an MSS option cut in half", "0101 0204", 0x02},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto whole = segment_with(c.options, c.flags);
    // A copy has no spare capacity behind it, so that the sanitizers see a read there.
    auto segment = test::ByteVector(whole.begin(), whole.end());
    const auto before = to_hex(segment);
    EXPECT_FALSE(clamp_tcp_mss(segment, 1360));
    EXPECT_EQ(to_hex(segment), before);
  }
}

TEST(ClampTcpMss, LeavesAloneEverySegmentThatIsCutOff) {
  const auto whole = segment_with("01010101 020405b4");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    test::ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(clamp_tcp_mss(cut, 1360)) << "the first " << length << " bytes";
  }
}

TEST(ClampTcpMss, LeavesAloneAHeaderLengthBelow20) {
  auto segment = segment_with("020405b4");
  segment[12] = std::byte{0x40};
  EXPECT_FALSE(clamp_tcp_mss(segment, 1360));
}

TEST(ClampTcpMss, DoesNotTakePayloadForOptions) {
  auto segment = segment_with("");
  const auto payload = from_hex("020405b4");
  segment.insert(segment.end(), payload.begin(), payload.end());
  EXPECT_FALSE(clamp_tcp_mss(segment, 1360));
}

TEST(ClampTcpMss, KeepsTheChecksumRightForEveryValueAtBothAlignments) {
  for (const std::string_view options : {"0204ffff", "01 0204ffff 010100"}) {
    for (unsigned max = 1; max < 0xffff; max += 37) {
      auto segment = segment_with(options);
      ASSERT_TRUE(clamp_tcp_mss(segment, static_cast<std::uint16_t>(max)));
      ASSERT_TRUE(checksum_valid(segment)) << "clamped to " << max;
    }
  }
}

TEST(ClampTcpMss, WorksOnAWholePacketOfTheBuilder) {
  const auto packet =
      test::PacketBuilder().ipv4("192.0.2.1", "198.51.100.7").tcp({.flags = 0x02, .mss = 1460}).build();
  auto segment = test::ByteVector(packet.begin() + 20, packet.end());
  EXPECT_TRUE(clamp_tcp_mss(segment, 1200));
  EXPECT_TRUE(checksum_valid(segment));
}

}  // namespace
}  // namespace espgate::wire
