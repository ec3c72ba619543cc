// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace espgate::replay {

// How fast a capture is played.
struct Pace {
  enum class Kind : std::uint8_t { max, capture, packets_per_second };

  Kind kind = Kind::max;
  double packets_per_second = 0;

  // "max", "capture" or a number of packets a second.
  [[nodiscard]] static Expected<Pace> parse(std::string_view text);
};

// Tells when each frame is due.
class PaceClock {
 public:
  using Clock = std::chrono::steady_clock;

  explicit PaceClock(const Pace& pace) : pace_(pace), start_(Clock::now()) {}

  // When the next frame may go, which the capture has at `capture_nanoseconds`. Called once a frame, in
  // order.
  [[nodiscard]] Clock::time_point due(std::uint64_t capture_nanoseconds);
  // A new round through the capture begins: its time stamps start over.
  void restart();

 private:
  Pace pace_;
  Clock::time_point start_;
  std::uint64_t frames_ = 0;
  std::uint64_t first_nanoseconds_ = 0;
};

}  // namespace espgate::replay
