// SPDX-License-Identifier: Apache-2.0
#include "dataplane/cycle_clock.h"

#include <chrono>

namespace espgate::dataplane {
namespace {

double measure() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const std::uint64_t first = read_cycles();
  while (Clock::now() - start < std::chrono::milliseconds(20)) {
  }
  const std::uint64_t last = read_cycles();
  const std::chrono::duration<double> passed = Clock::now() - start;
  return static_cast<double>(last - first) / passed.count();
}

}  // namespace

double cycles_per_second() {
  static const double rate = measure();
  return rate;
}

}  // namespace espgate::dataplane
