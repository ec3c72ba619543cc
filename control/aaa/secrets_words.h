// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace espgate::control {

// The words of a chap-secrets file as pppd's getword() finds them: apart by blanks, in single or double
// quotes if they hold some, with backslash escapes in both; "#" begins a comment, also right behind a word; a
// backslash at its end continues a line. Unlike there, quotes end on their line.
class SecretsWords {
 public:
  enum class Found { word, end_of_line, end_of_file, unclosed_quote, too_long, zero_byte };
  static constexpr std::size_t longest = 1023;  // bytes, as in pppd

  // `text` must outlive this.
  explicit SecretsWords(std::string_view text) : text_(text), word_(longest) {}

  // Behind end_of_line comes the first word of the next one.
  [[nodiscard]] Found next();
  // The word that was found. Valid until the next call; it lies in secret memory.
  [[nodiscard]] std::string_view word() const {
    return {reinterpret_cast<const char*>(word_.data()), length_};
  }
  // Which bytes of the text it was, quotes included.
  struct Place {
    std::size_t begin = 0, end = 0;
  };
  [[nodiscard]] Place place() const { return {begin_, at_}; }
  // Goes on behind this line.
  void skip_line();
  // Of what was found last, from 1.
  [[nodiscard]] unsigned line() const { return line_; }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  // Whether a line is continued here.
  [[nodiscard]] bool at_continuation() const { return text_.substr(at_).starts_with("\\\n"); }
  void skip_blanks();
  [[nodiscard]] Found read_word();
  [[nodiscard]] char unescape();
  [[nodiscard]] char digits(unsigned base, unsigned most);
  void new_line();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the word
  crypto::SecretBytes word_;
  std::size_t length_ = 0;
  unsigned line_ = 1;
  bool line_ended_ = false;  // the last word found ended it
};

}  // namespace espgate::control
