// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace espgate::control {

// Wakes many owners at their times, cheaply: adding costs O(1), and time costs what is due. Nothing is taken
// out: who has changed his mind lets the old wake-up pass. Up to one tick late, never early. One thread.
class TimerWheel {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr auto tick = std::chrono::milliseconds(100);

  explicit TimerWheel(TimePoint now) : position_(tick_of(now)) {}

  void add(TimePoint when, std::uint64_t owner);
  struct Due {
    TimePoint when;  // as it was asked for
    std::uint64_t owner;
  };
  // Takes out what is due.
  [[nodiscard]] std::vector<Due> advance(TimePoint now);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  // One turn takes 409.6 s; what is later stays in its slot for further turns.
  static constexpr std::size_t slots = 4096;

  static std::int64_t tick_of(TimePoint when) { return when.time_since_epoch() / tick; }
  void take_due(std::vector<Due>& slot, std::int64_t until, std::vector<Due>& due);

  std::array<std::vector<Due>, slots> slots_;
  std::int64_t position_;  // the last tick that was looked at
  std::size_t size_ = 0;
};

}  // namespace espgate::control
