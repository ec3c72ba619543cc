// SPDX-License-Identifier: Apache-2.0
#include "wire/checksum.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

// The definition, word by word, against which the fast form is held.
std::uint16_t slow_checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

TEST(InternetChecksum, KnownVectors) {
  struct Case {
    std::string_view sentence, hex;
    std::uint16_t checksum;
  };
  const Case cases[] = {
      {"the example of RFC 1071 §3", "0001 f203 f4f5 f6f7", 0x220d},
      {"an IPv4 header with its field at 0", "4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7", 0xb861},
      {"the same with the field filled in", "4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7", 0},
      {"nothing", "", 0xffff},
      {"one byte is the high half of a word", "ab", 0x54ff},
      {"three bytes", "0102 03", 0xfbfd},
      {"all ones are minus zero", "ffff ffff ffff ffff", 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = test::from_hex(c.hex);
    EXPECT_EQ(internet_checksum(bytes), c.checksum);
    EXPECT_EQ(slow_checksum(bytes), c.checksum);
  }
}

TEST(InternetChecksum, AgreesWithTheDefinitionAtEveryLengthAndAlignment) {
  test::ByteVector bytes(1600);
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = std::byte((state = state * 1664525 + 1013904223) >> 24);
  for (std::size_t start = 0; start < 8; ++start) {
    for (std::size_t length = 0; start + length <= bytes.size(); length += length < 70 ? 1 : 61) {
      const auto piece = Bytes(bytes).subspan(start, length);
      ASSERT_EQ(internet_checksum(piece), slow_checksum(piece)) << length << " bytes from " << start;
    }
  }
}

TEST(InternetChecksum, CarriesOutOf64KilobytesOfOnes) {
  const test::ByteVector bytes(65534, std::byte{0xff});
  EXPECT_EQ(internet_checksum(bytes), 0);
}

TEST(InternetChecksum, GoesOnFromAStart) {
  const auto bytes = test::from_hex("0001 f203 f4f5 f6f7");
  const std::uint32_t first_words = 0x0001 + 0xf203;
  EXPECT_EQ(internet_checksum(Bytes(bytes).subspan(4), first_words), 0x220d);
  EXPECT_EQ(internet_checksum({}, 0xffffffff), 0);
}

TEST(UpdateChecksum, TheExampleOfRfc1624) {
  EXPECT_EQ(update_checksum(0xdd2f, 0x5555, 0x3285), 0x0000);  // §4: RFC 1141's formula gives 0xffff here
}

TEST(UpdateChecksum, EqualsAFreshChecksum) {
  auto bytes = test::from_hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7");
  for (const std::uint16_t word :
       std::initializer_list<std::uint16_t>{0x0000, 0x0001, 0x3f11, 0x4011, 0x8000, 0xfffe, 0xffff}) {
    const std::uint16_t before = internet_checksum(bytes);
    const auto old_word = load_big_endian<std::uint16_t>(bytes.data() + 8);
    store_big_endian(bytes.data() + 8, word);
    EXPECT_EQ(update_checksum(before, old_word, word), internet_checksum(bytes)) << word;
  }
}

TEST(UpdateChecksum, CarriesTwiceWhereThatIsDue) {
  const std::initializer_list<std::uint16_t> words = {0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe, 0xffff};
  for (const std::uint16_t checksum : words)
    for (const std::uint16_t old_word : words)
      for (const std::uint16_t new_word : words) {
        std::uint32_t sum = std::uint32_t{static_cast<std::uint16_t>(~checksum)} +
                            static_cast<std::uint16_t>(~old_word) + new_word;
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        EXPECT_EQ(update_checksum(checksum, old_word, new_word), static_cast<std::uint16_t>(~sum))
            << checksum << ' ' << old_word << ' ' << new_word;
      }
}

}  // namespace
}  // namespace espgate::wire
