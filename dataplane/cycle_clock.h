// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <ctime>
#endif

namespace espgate::dataplane {

// Ticks of a constant-rate counter: the time stamp counter on x86, nanoseconds elsewhere.
[[nodiscard]] inline std::uint64_t read_cycles() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
#endif
}

// Ticks a second, measured against the monotonic clock once (takes 20 ms the first time).
[[nodiscard]] double cycles_per_second();

}  // namespace espgate::dataplane
