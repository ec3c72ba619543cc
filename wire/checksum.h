// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/parse.h"

namespace espgate::wire {

[[nodiscard]] constexpr std::uint16_t fold_checksum(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// The Internet checksum (RFC 1071) in host order, ready for a be16 field; over bytes that include a correct
// checksum it is 0. `start` is a sum of 16-bit words to begin with, for instance of a pseudo header. Words
// are added in the machine's own order and swapped once at the end (RFC 1071 §2 (B)); 64 bits hold the
// carries of any packet.
[[nodiscard]] inline std::uint16_t internet_checksum(Bytes bytes, std::uint32_t start = 0) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t sum = 0;
  std::uint32_t word = 0;
  for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
    std::memcpy(&word, at, sizeof word);
    sum += word;
  }
  if (left != 0) {
    word = 0;
    std::memcpy(&word, at, left);
    sum += word;
  }
  const std::uint64_t total = std::uint64_t{swap_to_big_endian(fold_checksum(sum))} + start;
  return static_cast<std::uint16_t>(~fold_checksum(total));
}

// The checksum after one 16-bit word of the data went from `old_word` to `new_word`: RFC 1624 §3, equation 3,
// which unlike RFC 1141's never turns a +0 into a -0.
[[nodiscard]] constexpr std::uint16_t update_checksum(std::uint16_t checksum, std::uint16_t old_word,
                                                      std::uint16_t new_word) {
  std::uint32_t sum = (~std::uint32_t{checksum} & 0xffff) + (~std::uint32_t{old_word} & 0xffff) + new_word;
  // Three words need two folds at most, and no branch: whether there is a carry cannot be foretold.
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// The sum over UDP's and TCP's IPv4 pseudo header (RFC 768, RFC 9293 §3.1), as a start for internet_checksum.
// Addresses in host order; `length` is that of the segment with its header.
[[nodiscard]] constexpr std::uint32_t pseudo_header_sum(std::uint32_t source, std::uint32_t destination,
                                                        std::uint8_t protocol, std::size_t length) {
  return (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) + protocol +
         static_cast<std::uint32_t>(length);
}

}  // namespace espgate::wire
