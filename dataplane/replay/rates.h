// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/cycle_clock.h"

#include <cstdint>

namespace espgate::replay {

struct Rates {
  double seconds;
  double cycles_per_packet;
  double mpps;
  double gbps;  // of inner IP bytes
};

// From `cycles` spent in the stages; all 0 where nothing was done.
[[nodiscard]] inline Rates rates(std::uint64_t cycles, std::uint64_t packets, std::uint64_t inner_bytes) {
  const double seconds = static_cast<double>(cycles) / dataplane::cycles_per_second();
  if (packets == 0 || cycles == 0) return {seconds, 0, 0, 0};
  return {seconds, static_cast<double>(cycles) / static_cast<double>(packets),
          static_cast<double>(packets) / seconds / 1e6, static_cast<double>(inner_bytes) * 8 / seconds / 1e9};
}

}  // namespace espgate::replay
