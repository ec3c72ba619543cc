// SPDX-License-Identifier: Apache-2.0
#include "service/line_log.h"

#include <cstdio>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace espgate::service {
namespace {

Priority priority_of(std::string_view severity) {
  if (severity == "error") return Priority::error;
  return severity == "warning" ? Priority::warning : Priority::info;
}

void print(const std::string& line) {
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

void LineLog::write(std::string_view severity, std::string_view text) {
  if (severity == "error" || has_room(Clock::now())) print(line(severity, text));
}

std::string LineLog::line(std::string_view severity, std::string_view text) const {
  if (journal_) return fmt::format("{}{}\n", journal_prefix(priority_of(severity)), as_fields(text));
  return fmt::format("{:%H:%M:%S} {} {}: {}\n", fmt::localtime(std::time(nullptr)), name_, severity, text);
}

bool LineLog::has_room(Clock::time_point now) {
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    said_ = 0;
    if (const unsigned left_out = std::exchange(left_out_, 0); left_out != 0)
      print(line("warning", fmt::format("{} more lines were left out in a second", left_out)));
  }
  if (++said_ <= most_a_second) return true;
  ++left_out_;
  return false;
}

}  // namespace espgate::service
