// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/secrets_words.h"

#include <algorithm>

namespace espgate::control {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

// The value of a digit; 255: none in any base.
unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 255;
}

}  // namespace

void SecretsWords::new_line() {
  ++at_;
  ++line_;
}

void SecretsWords::skip_line() {
  at_ = std::min(text_.find('\n', at_), text_.size());
  if (!at_end()) line_ended_ = true;
}

void SecretsWords::skip_blanks() {
  while (!at_end()) {
    if (is_blank(text_[at_])) {
      ++at_;
    } else if (at_continuation()) {
      ++at_;
      new_line();
    } else if (text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

SecretsWords::Found SecretsWords::next() {
  length_ = 0;
  if (line_ended_) new_line();
  line_ended_ = false;
  skip_blanks();
  if (at_end()) return Found::end_of_file;
  if (text_[at_] != '\n') return read_word();
  line_ended_ = true;
  return Found::end_of_line;
}

SecretsWords::Found SecretsWords::read_word() {
  begin_ = at_;
  const char quote = text_[at_] == '"' || text_[at_] == '\'' ? text_[at_++] : '\0';
  while (true) {
    const bool over = at_end() || text_[at_] == '\n';
    if (over && quote != '\0') return Found::unclosed_quote;
    if (over) return Found::word;
    char c = text_[at_];
    if (c == quote) {
      ++at_;
      return Found::word;
    }
    if (quote == '\0' && (is_blank(c) || c == '#')) return Found::word;
    if (at_continuation()) {
      ++at_;
      new_line();
      continue;
    }
    ++at_;
    if (c == '\\' && !at_end()) c = unescape();
    if (c == '\0') return Found::zero_byte;
    if (length_ == longest) return Found::too_long;
    word_.data()[length_++] = static_cast<std::byte>(c);
  }
}

char SecretsWords::digits(unsigned base, unsigned most) {
  unsigned value = 0;
  for (unsigned i = 0; i < most && !at_end() && digit_value(text_[at_]) < base; ++i)
    value = value * base + digit_value(text_[at_++]);
  return static_cast<char>(static_cast<unsigned char>(value & 0xffU));
}

char SecretsWords::unescape() {
  if (digit_value(text_[at_]) < 8) return digits(8, 3);
  const char c = text_[at_++];
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 's':
      return ' ';
    case 't':
      return '\t';
    case 'x':
      return digits(16, 2);
    default:
      return c;
  }
}

}  // namespace espgate::control
