// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/up/child.h"

#include <chrono>
#include <deque>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include <signal.h>

namespace espgate::cli {

// Runs programs in the foreground until SIGINT or SIGTERM: starts each when the one before is ready, says
// when one dies and starts it again, and ends them all, the last one first. One of each process: it takes
// over SIGINT, SIGTERM and SIGCHLD for as long as it lives.
class Supervisor {
 public:
  struct Options {
    std::chrono::milliseconds restart_after{500};
    unsigned restarts_a_minute = 5;  // of each program; then all are ended
    std::chrono::milliseconds ready_within{60000};
    std::chrono::milliseconds end_within{5000};  // between SIGTERM and SIGKILL
  };

  Supervisor(std::vector<Program> programs, std::ostream& log, Options options);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  // True: all were started, and ended because we were told to.
  [[nodiscard]] bool run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    Child child;
    std::deque<Clock::time_point> restarts;  // of the last minute
    Clock::time_point restart_at = Clock::time_point::max();
  };

  [[nodiscard]] bool start_all();
  [[nodiscard]] bool wait_until_ready(Child& child);
  [[nodiscard]] bool supervise();
  [[nodiscard]] bool on_end(Running& running, const std::string& how);
  void restart_due();
  void end_all();
  void end(Child& child);
  void wait(std::chrono::milliseconds longest);
  void say(const std::string& line);

  std::vector<Running> all_;
  std::ostream& log_;
  Options options_;
  channel::Descriptor signals_;
  sigset_t signals_before_{};
  unsigned told_to_end_ = 0;  // signals that said so
};

}  // namespace espgate::cli
