// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::wire {

// An IPv4 address (host order) with a prefix length (RFC 4632 §3.1): an interface's address when host bits
// are set, a network when they are not.
struct Ipv4Prefix {
  std::uint32_t address = 0;
  std::uint8_t length = 0;  // 0 to 32

  // "10.30.0.1/24"; without a slash, length 32. nullopt: neither.
  [[nodiscard]] static std::optional<Ipv4Prefix> from_string(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr std::uint32_t mask() const {
    return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  }
  [[nodiscard]] constexpr Ipv4Prefix network() const { return {address & mask(), length}; }
  [[nodiscard]] constexpr bool contains(std::uint32_t other) const {
    return ((address ^ other) & mask()) == 0;
  }
  [[nodiscard]] constexpr bool overlaps(const Ipv4Prefix& other) const {
    return length < other.length ? contains(other.address) : other.contains(address);
  }
  // Addresses in the network; 2^32 for length 0.
  [[nodiscard]] constexpr std::uint64_t size() const { return std::uint64_t{1} << (32 - length); }

  friend constexpr auto operator<=>(const Ipv4Prefix&, const Ipv4Prefix&) = default;
};

}  // namespace espgate::wire
