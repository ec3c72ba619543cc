// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "wire/ip_address.h"
#include "wire/parse.h"

#include <cstdint>
#include <string_view>
#include <variant>

namespace espgate::replay {

// Lets through the packets of one SPI, or from or to one outer address. Fragments behind the first show no
// SPI, so an SPI filter lets all fragments through.
class PacketFilter {
 public:
  // "0x1234abcd" or a decimal number is an SPI; anything that reads as an IPv4 or IPv6 address is one.
  [[nodiscard]] static Expected<PacketFilter> parse(std::string_view text);

  // `packet` begins at the network layer.
  [[nodiscard]] bool matches(std::uint16_t ether_type, wire::Bytes packet) const;

 private:
  explicit PacketFilter(std::variant<std::uint32_t, wire::IpAddress> wanted) : wanted_(wanted) {}

  std::variant<std::uint32_t, wire::IpAddress> wanted_;
};

}  // namespace espgate::replay
