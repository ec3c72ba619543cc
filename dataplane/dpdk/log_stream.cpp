// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/log_stream.h"

#include <cstdio>
#include <mutex>
#include <utility>

#include <rte_log.h>
#include <sys/types.h>

namespace espgate::dataplane::dpdk {
namespace {

struct Stream {
  std::mutex mutex;
  LogLine log;
};

Stream& stream() {
  static Stream only;
  return only;
}

// DPDK flushes behind each message, so `text` is whole ones.
ssize_t write_lines(void*, const char* text, std::size_t size) {
  const std::lock_guard lock(stream().mutex);
  std::string_view left(text, size);
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find('\n'));
    if (!line.empty()) stream().log(line);
    left.remove_prefix(std::min(left.size(), line.size() + 1));
  }
  return static_cast<ssize_t>(size);
}

}  // namespace

void send_log_to(LogLine log) {
  stream().log = std::move(log);
  FILE* file =
      ::fopencookie(nullptr, "w", {.read = nullptr, .write = write_lines, .seek = nullptr, .close = nullptr});
  if (file != nullptr) (void)rte_openlog_stream(file);
}

}  // namespace espgate::dataplane::dpdk
