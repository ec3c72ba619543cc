// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace espgate::service {

// Decides whether a process lives: it does while the heartbeat of every one of its threads advances. The
// thread that asks is alive by asking. No clock, no threads of its own.
class Watchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // How long a heart may stand still until it is told of where no service manager has set a limit.
  static constexpr std::chrono::seconds patience{10};

  // `limit`: what the service manager has set; nullopt: it has not, and never wants to hear.
  explicit Watchdog(std::optional<std::chrono::microseconds> limit)
      : feeding_(limit.has_value()), limit_(limit.value_or(patience)) {}

  // `hearts`: a counter of each thread that moves whenever it does anything, even waiting; always in the same
  // order. True: tell the service manager now. It is told four times within its limit, and only if all hearts
  // have beaten since the last time.
  [[nodiscard]] bool may_tell(TimePoint now, std::span<const std::uint64_t> hearts);

  // The first thread whose heart has stood still for longer than half of the limit.
  [[nodiscard]] std::optional<std::size_t> stuck(TimePoint now) const;

 private:
  struct Heart {
    std::uint64_t count;
    TimePoint beaten;
    bool since_told;
  };
  bool feeding_;
  std::chrono::microseconds limit_;
  std::vector<Heart> hearts_;
  std::optional<TimePoint> told_;
};

}  // namespace espgate::service
