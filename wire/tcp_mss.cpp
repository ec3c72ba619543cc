// SPDX-License-Identifier: Apache-2.0
#include "wire/tcp_mss.h"

#include "wire/checksum.h"

namespace espgate::wire {
namespace {

constexpr std::size_t shortest_header = 20;
constexpr std::size_t data_offset_at = 12;
constexpr std::size_t flags_at = 13;
constexpr std::size_t checksum_at = 16;
constexpr auto flag_syn = std::byte{0x02};

constexpr auto option_end = std::byte{0};
constexpr auto option_nop = std::byte{1};
constexpr auto option_mss = std::byte{2};
constexpr std::size_t mss_option_length = 4;

// The header with its options if the segment is a SYN that has them whole, else empty.
MutableBytes syn_header(MutableBytes segment) {
  if (segment.size() < shortest_header || (segment[flags_at] & flag_syn) == std::byte{0}) return {};
  const std::size_t length = std::to_integer<std::size_t>(segment[data_offset_at] >> 4) * 4;
  if (length < shortest_header || length > segment.size()) return {};
  return segment.first(length);
}

// Where the next MSS option at or behind `at` begins; header.size() if there is none, or if what comes is no
// option.
std::size_t find_mss(Bytes header, std::size_t at) {
  while (at < header.size() && header[at] != option_end) {
    if (header[at] == option_nop) {
      ++at;
      continue;
    }
    if (at + 1 >= header.size()) break;
    const auto length = std::to_integer<std::size_t>(header[at + 1]);
    if (length < 2 || length > header.size() - at) break;
    if (header[at] == option_mss && length == mss_option_length) return at;
    at += length;
  }
  return header.size();
}

// The two bytes at `at` become `value`. At an odd offset they are the halves of two different words of the
// checksum, which adds them up as one word with its bytes swapped (RFC 1071 §2 (B)).
void replace_value(MutableBytes header, std::size_t at, std::uint16_t value) {
  auto old_word = load_big_endian<std::uint16_t>(header.data() + at);
  store_big_endian(header.data() + at, value);
  if (at % 2 != 0) {
    old_word = __builtin_bswap16(old_word);
    value = __builtin_bswap16(value);
  }
  const auto checksum = load_big_endian<std::uint16_t>(header.data() + checksum_at);
  store_big_endian(header.data() + checksum_at, update_checksum(checksum, old_word, value));
}

}  // namespace

// All MSS options are looked at, not the first only: receivers differ in which of two they believe.
bool clamp_tcp_mss(MutableBytes tcp_segment, std::uint16_t max) {
  const MutableBytes header = syn_header(tcp_segment);
  bool changed = false;
  for (std::size_t at = shortest_header; (at = find_mss(header, at)) < header.size();
       at += mss_option_length) {
    if (load_big_endian<std::uint16_t>(header.data() + at + 2) <= max) continue;
    replace_value(header, at + 2, max);
    changed = true;
  }
  return changed;
}

}  // namespace espgate::wire
