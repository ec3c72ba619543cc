// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace espgate::cli {

// While it lives, Ctrl-C (SIGINT) and SIGTERM do not end the program but are remembered, so that a file can
// be closed and a screen restored. One at a time.
class Interrupt {
 public:
  Interrupt() {
    signalled = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { signalled = 1; };
    sigaction(SIGINT, &action, &before_int_);
    sigaction(SIGTERM, &action, &before_term_);
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() {
    sigaction(SIGINT, &before_int_, nullptr);
    sigaction(SIGTERM, &before_term_, nullptr);
  }

  [[nodiscard]] bool happened() const { return signalled != 0; }

 private:
  static inline volatile std::sig_atomic_t signalled = 0;
  struct sigaction before_int_ = {};
  struct sigaction before_term_ = {};
};

}  // namespace espgate::cli
