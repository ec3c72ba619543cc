// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dial_in.h"
#include "wire/ipv4_prefix.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace espgate::openswan {

// Addresses that xl2tpd's `ip range` gives and `no ip range` takes away again; the last line about an address
// counts.
class AddressRanges {
 public:
  void add(config::AddressRange range);
  void remove(config::AddressRange range);

  [[nodiscard]] bool empty() const { return parts_.empty(); }
  // From the lowest address to the highest. Not for an empty set.
  [[nodiscard]] config::AddressRange whole() const { return {parts_.front().first, parts_.back().last}; }
  // What of whole() is not in the set.
  [[nodiscard]] std::vector<config::AddressRange> gaps() const;

 private:
  std::vector<config::AddressRange> parts_;  // sorted, neither touching nor overlapping
};

// "10.0.0.10-10.0.0.99", "10.0.0.10 - 99", "10.0.0.7". nullopt: none of these, or a name of a host.
[[nodiscard]] std::optional<config::AddressRange> range_value(std::string_view text);

// The smallest network that holds both.
[[nodiscard]] wire::Ipv4Prefix network_around(std::uint32_t one, std::uint32_t other);

}  // namespace espgate::openswan
