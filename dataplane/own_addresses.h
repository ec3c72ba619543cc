// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace espgate::dataplane {

// The gateway's own IPv4 addresses, host order; 0: it has none on that side.
struct OwnAddresses {
  std::uint32_t outside = 0;
  std::uint32_t inside = 0;

  [[nodiscard]] constexpr bool contains(std::uint32_t address) const {
    return address != 0 && (address == outside || address == inside);
  }
};

}  // namespace espgate::dataplane
