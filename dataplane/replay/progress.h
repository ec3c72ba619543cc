// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace espgate::replay {

// Shows on standard error how far a run has come: a bar on a terminal, else a line a second. Prints nothing
// in runs that end within the first second.
class Progress {
 public:
  Progress();
  ~Progress();  // ends the bar's line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `fraction` 0 to 1; 0 where the end can't be told. Cheap enough for once a burst.
  void update(double fraction, std::uint64_t packets);

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_;
  bool shown_ = false;
  Clock::time_point start_;
  Clock::time_point next_;
};

}  // namespace espgate::replay
