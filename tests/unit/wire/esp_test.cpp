// SPDX-License-Identifier: Apache-2.0
#include "wire/esp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

TEST(EspHeader, IsSpiAndSequence) {
  const auto header = parse_esp_header(from_hex("95518f96 00000024 d819"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->spi.host(), 0x95518f96u);
  EXPECT_EQ(header->sequence.host(), 0x24u);
  EXPECT_EQ(parse_esp_header(from_hex("95518f96 000000")).error(), ParseError::truncated);
}

TEST(NattDatagram, IsOneOfFourKinds) {
  struct Case {
    std::string_view sentence, hex;
    NattKind kind;
  };
  const Case cases[] = {
      {"one byte 0xff", "ff", NattKind::keepalive},
      {"another single byte", "fe", NattKind::malformed},
      {"two bytes 0xff", "ffff", NattKind::malformed},
      {"nothing", "", NattKind::malformed},
      {"three zeros", "000000", NattKind::malformed},
      {"the marker and no message", "00000000", NattKind::ike},
      {"the marker and an initiator cookie", "00000000 70a402f254843a6f", NattKind::ike},
      {"an SPI alone", "95518f96", NattKind::malformed},
      {"an ESP header one byte short", "95518f96 000000", NattKind::malformed},
      {"an ESP header", "95518f96 00000001", NattKind::esp},
      {"an ESP packet", "95518f96 00000001 ab8bbd8b121c17d3", NattKind::esp},
      {"an SPI whose first byte is 0xff", "ff000001 00000001", NattKind::esp},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    EXPECT_EQ(classify_natt(from_hex(c.hex)), c.kind);
  }
}

TEST(EspTrailer, IsTakenOff) {
  struct Case {
    std::string_view sentence, hex, payload;
    std::uint8_t next_header, pad_length;
    PadCheck check;
  };
  const Case cases[] = {
      {"an L2TP acknowledgement of a real session",
       "06a506a500140000 c802000c6e94000000010002 0102030405060708090a 0a 11",
       "06a506a500140000c802000c6e94000000010002", 17, 10, PadCheck::monotonic},
      {"no padding", "aabb 00 04", "aabb", 4, 0, PadCheck::monotonic},
      {"no payload", "0102 02 3b", "", 59, 2, PadCheck::monotonic},
      {"nothing but the trailer", "00 11", "", 17, 0, PadCheck::monotonic},
      {"zeros as padding, from a peer known for it", "aa 000000 03 11", "aa", 17, 3, PadCheck::length_only},
      {"the usual padding passes the lax check too", "aa 010203 03 11", "aa", 17, 3, PadCheck::length_only},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto result = parse_esp_trailer(bytes, c.check);
    ASSERT_TRUE(result);
    EXPECT_EQ(to_hex(result->payload), c.payload);
    EXPECT_EQ(result->next_header, c.next_header);
    EXPECT_EQ(result->pad_length, c.pad_length);
  }
}

TEST(EspTrailer, Refuses) {
  const test::Refused strict[] = {
      {"nothing", "", ParseError::truncated},
      {"one byte", "00", ParseError::truncated},
      {"more padding than there is", "0102 03 11", ParseError::bad_length},
      {"255 bytes of padding in 4 bytes", "0102 ff 11", ParseError::bad_length},
      {"zeros as padding", "aa 000000 03 11", ParseError::unsupported},
      {"padding that starts at 0", "aa 000102 03 11", ParseError::unsupported},
      {"a last byte that is off", "aa 010204 03 11", ParseError::unsupported},
  };
  test::expect_refused(strict, [](Bytes bytes) { return parse_esp_trailer(bytes, PadCheck::monotonic); });
  const test::Refused lax[] = {
      {"nothing", "", ParseError::truncated},
      {"more padding than there is", "0102 03 11", ParseError::bad_length},
  };
  test::expect_refused(lax, [](Bytes bytes) { return parse_esp_trailer(bytes, PadCheck::length_only); });
}

TEST(EspPadding, FillsTheBlock) {
  struct Case {
    std::size_t payload, alignment, padding;
  };
  const Case cases[] = {{0, 16, 14},  {1, 16, 13}, {13, 16, 1}, {14, 16, 0}, {15, 16, 15}, {16, 16, 14},
                        {1400, 4, 2}, {2, 4, 0},   {3, 4, 3},   {6, 8, 0},   {7, 8, 7},    {255, 256, 255}};
  for (const auto& c : cases) {
    EXPECT_EQ(esp_padding(c.payload, c.alignment), c.padding) << c.payload << " bytes, " << c.alignment;
  }
}

TEST(EspTrailerBuilder, WritesWhatTheParserTakesOffAtEveryLength) {
  for (std::size_t pad_length = 0; pad_length <= 255; ++pad_length) {
    const auto trailer = test::built_in_poisoned_buffers(300, [&](MutableBytes out) {
      write_esp_trailer(out.data(), pad_length, 17);
      return pad_length + sizeof(EspTrailer);
    });
    const auto result = parse_esp_trailer(trailer, PadCheck::monotonic);
    ASSERT_TRUE(result) << pad_length;
    EXPECT_EQ(result->pad_length, pad_length);
    EXPECT_EQ(result->next_header, 17);
    EXPECT_TRUE(result->payload.empty());
  }
}

}  // namespace
}  // namespace espgate::wire
