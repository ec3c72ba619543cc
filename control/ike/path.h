// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ip_address.h"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace espgate::control::ike {

// The protocol core reads no clock: every call says what time it is. Goes on over a restart of the process.
using TimePoint = std::chrono::steady_clock::time_point;

// Where somebody is on the outside network.
struct Endpoint {
  wire::IpAddress address;
  std::uint16_t port = 0;

  [[nodiscard]] std::string to_string() const { return address.to_string() + ":" + std::to_string(port); }
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

struct EndpointHash {
  std::size_t operator()(const Endpoint& endpoint) const noexcept {
    std::size_t hash = endpoint.port;
    for (const std::byte byte : endpoint.address.bytes())
      hash = hash * 1099511628211U ^ std::to_integer<unsigned>(byte);
    return hash;
  }
};

// The way of a datagram. `local` is what the packet carries: behind an Elastic IP, the private address.
struct Path {
  Endpoint local;
  Endpoint remote;
  bool natt = false;  // UDP 4500, behind a non-ESP marker (RFC 3948 §2.2)

  friend bool operator==(const Path&, const Path&) = default;
};

}  // namespace espgate::control::ike
