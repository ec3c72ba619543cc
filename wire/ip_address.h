// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::wire {

// An IPv4 or IPv6 address in 16 bytes; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). The default value,
// ::, stands for "any".
class IpAddress {
 public:
  constexpr IpAddress() = default;
  explicit constexpr IpAddress(const std::array<std::byte, 16>& bytes) : bytes_(bytes) {}

  // `host_order`: 0x0a000001 is 10.0.0.1.
  [[nodiscard]] static constexpr IpAddress v4(std::uint32_t host_order) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = std::byte{0xff};
    for (unsigned i = 0; i < 4; ++i) address.bytes_[12 + i] = std::byte((host_order >> (24 - 8 * i)) & 0xff);
    return address;
  }

  // Text as inet_pton takes it; nullopt if it is neither an IPv4 nor an IPv6 address.
  [[nodiscard]] static std::optional<IpAddress> from_string(std::string_view text);

  [[nodiscard]] constexpr bool is_any() const { return *this == IpAddress(); }
  [[nodiscard]] constexpr bool is_v4() const {
    for (unsigned i = 0; i < 10; ++i)
      if (bytes_[i] != std::byte{0}) return false;
    return bytes_[10] == std::byte{0xff} && bytes_[11] == std::byte{0xff};
  }
  // The IPv4 address in host order; only for is_v4().
  [[nodiscard]] constexpr std::uint32_t as_v4() const {
    std::uint32_t value = 0;
    for (unsigned i = 12; i < 16; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes_[i]);
    return value;
  }
  [[nodiscard]] constexpr const std::array<std::byte, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::byte, 16> bytes_{};
};

}  // namespace espgate::wire
