// SPDX-License-Identifier: Apache-2.0
#include "wire/ipv4_prefix.h"

#include "wire/ip_address.h"

#include <charconv>

namespace espgate::wire {

std::optional<Ipv4Prefix> Ipv4Prefix::from_string(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::from_string(text.substr(0, slash));
  if (!address || !address->is_v4()) return std::nullopt;
  Ipv4Prefix prefix{address->as_v4(), 32};
  if (slash == std::string_view::npos) return prefix;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix.length);
  if (error != std::errc() || end != digits.data() + digits.size() || prefix.length > 32) return std::nullopt;
  return prefix;
}

std::string Ipv4Prefix::to_string() const {
  return IpAddress::v4(address).to_string() + '/' + std::to_string(length);
}

}  // namespace espgate::wire
