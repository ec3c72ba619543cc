// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::client {

// An outer IPv4 address and a UDP port, both in host order. Address 0 and port 0 stand for any.
struct Endpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;

  // "203.0.113.10:4500"; without a colon the port is `default_port`. nullopt: neither.
  [[nodiscard]] static std::optional<Endpoint> from_string(std::string_view text, std::uint16_t default_port);
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace espgate::client
