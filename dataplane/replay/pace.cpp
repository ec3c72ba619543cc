// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/pace.h"

#include <charconv>

namespace espgate::replay {

Expected<Pace> Pace::parse(std::string_view text) {
  if (text == "max") return Pace{};
  if (text == "capture") return Pace{Kind::capture, 0};
  Pace pace{Kind::packets_per_second, 0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pace.packets_per_second);
  if (error != std::errc() || end != text.data() + text.size() || !(pace.packets_per_second > 0) ||
      pace.packets_per_second > 1e9)
    return fail({.what = "\"" + std::string(text) + "\" is no rate",
                 .where = "--rate",
                 .hint = "give max, capture, or packets a second, above 0 and up to 1e9",
                 .kind = ErrorKind::usage});
  return pace;
}

PaceClock::Clock::time_point PaceClock::due(std::uint64_t capture_nanoseconds) {
  const std::uint64_t frame = frames_++;
  switch (pace_.kind) {
    case Pace::Kind::max:
      return start_;
    case Pace::Kind::capture:
      if (frame == 0) first_nanoseconds_ = capture_nanoseconds;
      // A time stamp before the first one (clocks are set back) is due at once.
      if (capture_nanoseconds <= first_nanoseconds_) return start_;
      return start_ + std::chrono::nanoseconds(capture_nanoseconds - first_nanoseconds_);
    case Pace::Kind::packets_per_second:
      return start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                          static_cast<double>(frame) / pace_.packets_per_second));
  }
  return start_;
}

void PaceClock::restart() {
  if (pace_.kind != Pace::Kind::capture) return;
  start_ = Clock::now();
  frames_ = 0;
}

}  // namespace espgate::replay
