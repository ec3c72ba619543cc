// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace espgate::wire {

// How GoogleTest shows an error in a failing comparison.
inline void PrintTo(ParseError error, std::ostream* out) { *out << to_string(error); }  // NOLINT

}  // namespace espgate::wire

namespace espgate::test {

using ByteVector = std::vector<std::byte>;

// Bytes from pairs of hexadecimal digits; anything else between them is for the reader.
inline ByteVector from_hex(std::string_view text) {
  ByteVector bytes;
  int high = -1;
  for (const char c : text) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) continue;
    const int value = static_cast<int>(digit);
    if (high >= 0) bytes.push_back(static_cast<std::byte>(high * 16 + value));
    high = high < 0 ? value : -1;
  }
  return bytes;
}

inline std::string to_hex(wire::Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte >> 4)];
    text += digits[std::to_integer<unsigned>(byte & std::byte{15})];
  }
  return text;
}

// What `build` writes, after proof that it fills every byte it claims, whatever was there, and touches no
// other.
template <typename Build>
ByteVector built_in_poisoned_buffers(std::size_t room, Build build) {
  std::vector<ByteVector> results;
  for (const auto poison : {std::byte{0xff}, std::byte{0xa5}}) {
    ByteVector buffer(room, poison);
    const std::size_t length = build(wire::MutableBytes(buffer));
    EXPECT_LE(length, room);
    EXPECT_TRUE(std::all_of(buffer.begin() + static_cast<std::ptrdiff_t>(length), buffer.end(),
                            [poison](std::byte byte) { return byte == poison; }))
        << "wrote behind the " << length << " bytes it says it wrote";
    buffer.resize(length);
    results.push_back(buffer);
  }
  EXPECT_EQ(to_hex(results[0]), to_hex(results[1])) << "what was in the buffer shows through";
  return results[0];
}

// A row of a table of inputs that a parser must refuse.
struct Refused {
  std::string_view sentence;
  std::string_view hex;
  wire::ParseError error;
};

template <typename Parse, std::size_t N>
void expect_refused(const Refused (&table)[N], Parse parse) {
  for (const auto& row : table) {
    SCOPED_TRACE(std::string(row.sentence));
    // Exactly as many bytes as the case has, so that the sanitizers see a read behind them.
    const ByteVector input = from_hex(row.hex);
    const auto parsed = parse(wire::Bytes(input));
    if (parsed.has_value()) {
      ADD_FAILURE() << "was accepted";
    } else {
      EXPECT_EQ(parsed.error(), row.error);
    }
  }
}

// Every shorter beginning of a good input must be refused too.
template <typename Parse>
void expect_every_prefix_refused(std::string_view hex, std::size_t needed, Parse parse) {
  const ByteVector whole = from_hex(hex);
  ASSERT_TRUE(parse(wire::Bytes(whole)).has_value());
  for (std::size_t length = 0; length < needed; ++length) {
    const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(parse(wire::Bytes(cut)).has_value()) << "accepted the first " << length << " bytes";
  }
}

}  // namespace espgate::test
