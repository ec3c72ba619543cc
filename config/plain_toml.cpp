// SPDX-License-Identifier: Apache-2.0
#include "config/plain_toml.h"

#include "config/masked_text.h"

#include <string>
#include <utility>

namespace espgate::config {
namespace {

constexpr unsigned most_dots = 64;  // in one line, outside of strings and comments
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }
bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view file) : rest_(text), file_(file) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }

  std::optional<Problem> scan() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"' || c == '\'') {
        if (rest_.starts_with(std::string(3, c)))
          return problem("a string over several lines", "write it in one line");
        if (!may_begin_string()) return problem("a quote in the middle of a word", "");
        if (!skip_string(c)) return std::nullopt;
        continue;
      }
      if (c == '#') {
        skip_comment();
        continue;
      }
      if (!is_ascii(c)) return beyond_ascii();
      if (c == '.' && ++dots_ > most_dots)
        return problem("a key of more than 64 parts, or too many numbers in one line", "");
      advance();
    }
    return std::nullopt;
  }

 private:
  // The library reads ahead over numbers, and takes a string that follows without a blank for a part of them.
  [[nodiscard]] bool may_begin_string() const {
    return previous_ == 0 || std::string_view(" \t\r\n=,[{").find(previous_) != std::string_view::npos;
  }

  void advance() {
    previous_ = rest_.front();
    if (rest_.front() == '\n') {
      ++line_;
      column_ = 1;
      dots_ = 0;
      rest_.remove_prefix(1);
      return;
    }
    rest_.remove_prefix(1);
    while (!rest_.empty() && !starts_character(rest_.front())) rest_.remove_prefix(1);
    ++column_;
  }

  // False: the line or the text ends in the string, where the library will stop.
  bool skip_string(char quote) {
    advance();
    while (!rest_.empty() && rest_.front() != '\n') {
      const char c = rest_.front();
      advance();
      if (c == quote) return true;
      if (c == '\\' && quote == '"' && !rest_.empty() && rest_.front() != '\n') advance();
    }
    return false;
  }

  void skip_comment() {
    while (!rest_.empty() && rest_.front() != '\n') advance();
  }

  [[nodiscard]] Problem beyond_ascii() const {
    if (MaskedText::is_masked(rest_.substr(0, 3)))
      return problem("16 or more hexadecimal digits in a row that are not in quotes",
                     "write keys in quotes, \"0x…\"");
    return problem("a character beyond ASCII outside of strings and comments", "");
  }

  [[nodiscard]] Problem problem(std::string what, std::string hint) const {
    Problem found;
    found.where.file = file_;
    found.where.line = line_;
    found.where.column = column_;
    found.what = std::move(what);
    found.hint = std::move(hint);
    return found;
  }

  std::string_view rest_;
  std::string_view file_;
  unsigned line_ = 1;
  unsigned column_ = 1;
  unsigned dots_ = 0;
  char previous_ = 0;  // 0: none
};

}  // namespace

std::optional<Problem> beyond_plain_toml(std::string_view masked, std::string_view file_name) {
  return Scanner(masked, file_name).scan();
}

}  // namespace espgate::config
