// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace espgate::dataplane {

// Whether an IPv4 address (host order) can be one host's on a network: not 0/8, loopback, multicast, class E
// or limited broadcast (RFC 1812 §5.3.7). Which addresses are a network's broadcast only the network knows.
[[nodiscard]] constexpr bool is_unicast(std::uint32_t address) {
  const std::uint32_t net = address >> 24;
  return net != 0 && net != 127 && net < 224;
}

}  // namespace espgate::dataplane
