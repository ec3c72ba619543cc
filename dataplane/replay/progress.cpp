// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/progress.h"

#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace espgate::replay {
namespace {

constexpr std::size_t bar_width = 30;

std::string bar(double fraction) {
  if (fraction <= 0) return {};
  const auto filled = static_cast<std::size_t>(fraction * bar_width);
  return fmt::format("[{}{}] {:3.0f} %  ", std::string(filled, '='), std::string(bar_width - filled, ' '),
                     fraction * 100);
}

}  // namespace

Progress::Progress()
    : terminal_(isatty(STDERR_FILENO) == 1), start_(Clock::now()), next_(start_ + std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (terminal_ && shown_) std::fputs("\r\033[K", stderr);
}

void Progress::update(double fraction, std::uint64_t packets) {
  const auto now = Clock::now();
  if (now < next_) return;
  shown_ = true;
  next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(1000));
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double mpps = static_cast<double>(packets) / seconds / 1e6;
  if (terminal_) {
    fmt::print(stderr, "\r{}{} packets, {:.3f} Mpps overall\033[K", bar(fraction), packets, mpps);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{:.0f} s: {}{} packets, {:.3f} Mpps overall\n", seconds,
               fraction > 0 ? fmt::format("{:.0f} %, ", fraction * 100) : "", packets, mpps);
  }
}

}  // namespace espgate::replay
