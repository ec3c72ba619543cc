// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "service/journal.h"

#include <chrono>
#include <string>
#include <string_view>

namespace espgate::service {

// A log on standard error: a line for each event, with time and name for people, without them and with a
// priority for the journal. At most `most_a_second` lines of less than an error a second; how many were left
// out is told. One thread.
class LineLog {
 public:
  static constexpr unsigned most_a_second = 50;

  // `name`: of the process, "dataplane". `journal`: whether standard error leads there.
  LineLog(std::string name, bool journal) : name_(std::move(name)), journal_(journal) {}

  // `severity`: "info", "warning" or "error".
  void write(std::string_view severity, std::string_view text);

  // The line that write() would print now, with its end.
  [[nodiscard]] std::string line(std::string_view severity, std::string_view text) const;

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool has_room(Clock::time_point now);

  std::string name_;
  bool journal_;
  Clock::time_point second_{};
  unsigned said_ = 0;
  unsigned left_out_ = 0;
};

}  // namespace espgate::service
