// SPDX-License-Identifier: Apache-2.0
#include "cli/top/screen.h"

#include <algorithm>
#include <string>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

// ECMA-48 and xterm's alternate screen.
constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view clear_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

winsize size() {
  winsize now{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0)
    return {24, 80, 0, 0};
  return now;
}

}  // namespace

Screen::Screen() {
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  put(enter);
}

Screen::~Screen() {
  put(leave);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool Screen::is_possible() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

unsigned Screen::rows() const { return size().ws_row; }

void Screen::draw(std::string_view text) const {
  const winsize now = size();
  std::string frame(home);
  for (unsigned row = 0; row < now.ws_row && !text.empty(); ++row) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    frame += text.substr(0, std::min<std::size_t>(end, now.ws_col));
    frame += clear_line;
    // A newline in the last row would scroll.
    if (row + 1 < now.ws_row) frame += "\r\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  frame += clear_below;
  put(frame);
}

char Screen::key(std::chrono::milliseconds patience) const {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, static_cast<int>(patience.count())) <= 0) return 0;
  char key = 0;
  // At its end the terminal is gone.
  return ::read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}

}  // namespace espgate::cli
