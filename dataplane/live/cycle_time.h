// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/cycle_clock.h"

#include <cstdint>
#include <ctime>

namespace espgate::dataplane::live {

// What time it was when the cycle clock showed something, reckoned from now. Made anew each time, so that an
// error of the clock's rate never grows.
class CycleTime {
 public:
  CycleTime() : cycles_(read_cycles()) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    nanoseconds_ = static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  }

  // Nanoseconds since 1970-01-01 UTC.
  [[nodiscard]] std::uint64_t of(std::uint64_t cycles) const {
    const auto ago = static_cast<double>(static_cast<std::int64_t>(cycles_ - cycles)) / cycles_per_second();
    return static_cast<std::uint64_t>(nanoseconds_ - static_cast<std::int64_t>(ago * 1e9));
  }

 private:
  std::uint64_t cycles_;
  std::int64_t nanoseconds_ = 0;
};

}  // namespace espgate::dataplane::live
