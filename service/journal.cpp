// SPDX-License-Identifier: Apache-2.0
#include "service/journal.h"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::service {

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string_view(stream) == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

std::string_view journal_prefix(Priority priority) {
  switch (priority) {
    case Priority::critical:
      return "<2>";
    case Priority::error:
      return "<3>";
    case Priority::warning:
      return "<4>";
    case Priority::info:
      return "<6>";
    case Priority::debug:
      break;
  }
  return "<7>";
}

std::string quoted(std::string_view text) {
  std::string line = "\"";
  for (const char each : text) {
    if (each == '\n') {
      line += "\\n";
    } else if (each == '"' || each == '\\') {
      line += '\\';
      line += each;
    } else if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(each));
    } else {
      line += each;
    }
  }
  return line + '"';
}

std::string as_fields(std::string_view text) {
  return text.starts_with("area=") ? std::string(text) : "msg=" + quoted(text);
}

}  // namespace espgate::service
