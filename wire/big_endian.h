// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace espgate::wire {

template <std::unsigned_integral T>
constexpr T swap_to_big_endian(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}

// An unsigned integer as it lies on the wire. Conversion is explicit both ways, so that a number in network
// order can't be mistaken for one in host order. Alignment is 1: headers made of these may overlay any byte
// address.
template <std::unsigned_integral T>
class [[gnu::packed]] BigEndian {
 public:
  constexpr BigEndian() = default;
  explicit constexpr BigEndian(T host) : stored_(swap_to_big_endian(host)) {}

  [[nodiscard]] constexpr T host() const { return swap_to_big_endian(stored_); }

  friend constexpr bool operator==(BigEndian a, BigEndian b) { return a.host() == b.host(); }

 private:
  T stored_ = 0;
};

using be16 = BigEndian<std::uint16_t>;
using be32 = BigEndian<std::uint32_t>;
using be64 = BigEndian<std::uint64_t>;

static_assert(sizeof(be16) == 2 && alignof(be16) == 1);
static_assert(sizeof(be32) == 4 && alignof(be32) == 1);
static_assert(sizeof(be64) == 8 && alignof(be64) == 1);

// A number of network order at `at`; the caller has checked that sizeof(T) bytes are there.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_big_endian(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return swap_to_big_endian(value);
}

template <std::unsigned_integral T>
inline void store_big_endian(std::byte* at, T value) {
  value = swap_to_big_endian(value);
  std::memcpy(at, &value, sizeof value);
}

// Copies a fixed header out of `bytes`; the caller has checked the length.
template <typename Header>
[[nodiscard]] inline Header load_header(const std::byte* at) {
  static_assert(alignof(Header) == 1 && std::is_trivially_copyable_v<Header>);
  Header header;
  std::memcpy(&header, at, sizeof header);
  return header;
}

template <typename Header>
inline void store_header(std::byte* at, const Header& header) {
  static_assert(alignof(Header) == 1 && std::is_trivially_copyable_v<Header>);
  std::memcpy(at, &header, sizeof header);
}

}  // namespace espgate::wire
