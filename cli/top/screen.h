// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include <termios.h>

namespace espgate::cli {

// The terminal as a screen that is drawn again and again; as it was before when this goes. Keys come one by
// one and are not echoed.
class Screen {
 public:
  Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  // Whether standard input and output are a terminal, so that there can be one.
  [[nodiscard]] static bool is_possible();

  // What does not fit is cut off.
  void draw(std::string_view text) const;
  [[nodiscard]] unsigned rows() const;
  // Waits for a key; 0: none came in time, or a signal did.
  [[nodiscard]] char key(std::chrono::milliseconds patience) const;

 private:
  termios before_{};
};

}  // namespace espgate::cli
