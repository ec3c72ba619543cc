// SPDX-License-Identifier: Apache-2.0
#include "client/endpoint.h"

#include "wire/ip_address.h"

#include <charconv>

namespace espgate::client {

std::optional<Endpoint> Endpoint::from_string(std::string_view text, std::uint16_t default_port) {
  const std::size_t colon = text.find(':');
  const auto address = wire::IpAddress::from_string(text.substr(0, colon));
  if (!address || !address->is_v4()) return std::nullopt;
  Endpoint endpoint{address->as_v4(), default_port};
  if (colon == std::string_view::npos) return endpoint;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return endpoint;
}

std::string Endpoint::to_string() const {
  return wire::IpAddress::v4(address).to_string() + ':' + std::to_string(port);
}

}  // namespace espgate::client
