// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace espgate::dataplane {

// Says which packets are within a rate and its burst. Implemented on DPDK's meters; an interface so that the
// stages know nothing of DPDK. For one thread.
class RateMeter {
 public:
  virtual ~RateMeter() = default;
  // Whether `bytes` more at `now`, of cycle_clock.h, are within the rate; only if so they count against it.
  [[nodiscard]] virtual bool pass(std::uint32_t bytes, std::uint64_t now) noexcept = 0;
};

}  // namespace espgate::dataplane
