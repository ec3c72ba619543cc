// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/cycle_clock.h"
#include "dataplane/worker_stats.h"

#include <cstddef>

namespace espgate::dataplane {

// Runs one stage; timed and shown to an observer when somebody asked for that.
template <typename Run>
inline void run_stage(Stage which, Burst& burst, WorkerStats& stats, Run&& run) {
  const bool timed = stats.time_stages.load(std::memory_order_relaxed);
  StageObserver* observer = stats.observer.load(std::memory_order_acquire);
  if (!timed && observer == nullptr) [[likely]]
    return run();
  unsigned packets = burst.live_count();
  const std::uint64_t start = read_cycles();
  run();
  const std::uint64_t cycles = read_cycles() - start;
  // What rx brings is known behind it only, and a poll that finds nothing is no work.
  if (which == Stage::rx) packets = burst.count();
  if (which != Stage::rx || packets != 0) {
    StageStats& counters = stats.stages[static_cast<std::size_t>(which)];
    counters.packets += packets;
    ++counters.bursts;
    counters.cycles += cycles;
  }
  if (observer != nullptr) observer->after(which, burst);
}

}  // namespace espgate::dataplane
