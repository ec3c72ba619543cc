// SPDX-License-Identifier: Apache-2.0
#include "config/masked_text.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace espgate::config {
namespace {

constexpr std::size_t shortest_key_digits = 16;
constexpr std::string_view mark = "\xEE\x80\x80";  // U+E000, private use: legal in TOML strings, nowhere else

// The keys whose strings are secrets, in whichever table.
constexpr std::array<std::string_view, 2> secret_keys = {"psk", "secret"};

// Of the text: from begin up to end.
struct Span {
  std::size_t begin, end;
};

constexpr bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::size_t hex_run(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_hex(text[length])) ++length;
  return length;
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

constexpr bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

bool is_secret_key(std::string_view word) {
  return std::ranges::find(secret_keys, word) != secret_keys.end();
}

// Finds what stands in quotes behind a key for secrets. Knows of TOML's rules where strings and comments
// begin and end, and no more.
class SecretStrings {
 public:
  explicit SecretStrings(std::string_view text) : text_(text) {}

  // The next one, which may lack its closing quote. nullopt: no more.
  std::optional<Span> next() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        const Span content = skip_string(c);
        const bool is_secret = std::exchange(behind_secret_key_, false);
        word_ = text_.substr(content.begin, content.end - content.begin);
        if (is_secret || in_secret_array_) return content;
      } else if (is_word(c)) {
        word_ = text_.substr(at_, word_length());
        at_ += word_.size();
        behind_secret_key_ = false;
      } else {
        if (c == '[' && behind_secret_key_) in_secret_array_ = true;
        if (c == ']' || c == '{') in_secret_array_ = false;
        if (c == '=') behind_secret_key_ = is_secret_key(word_);
        if (c == '#') at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
        if (c != ' ' && c != '\t' && c != '=') behind_secret_key_ = false;
        if (c != ' ' && c != '\t') word_ = {};
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::size_t word_length() const {
    std::size_t length = 0;
    while (at_ + length < text_.size() && is_word(text_[at_ + length])) ++length;
    return length;
  }

  // Its content, to the end of the line if it has no other.
  Span skip_string(char quote) {
    Span content{++at_, text_.size()};
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == quote) {
        content.end = at_++;
        return content;
      }
      if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
    }
    content.end = at_;
    return content;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view word_;  // the last one, bare or in quotes, with only blanks behind it
  bool behind_secret_key_ = false;
  bool in_secret_array_ = false;  // somebody took the key for one of several strings
};

}  // namespace

MaskedText::MaskedText(std::string_view original) : original_(original), line_starts_{0} {
  SecretStrings secrets(original);
  std::optional<Span> secret = secrets.next();
  masked_.reserve(original.size() * 2);
  for (std::size_t at = 0; at < original.size();) {
    if (secret && at == secret->begin) {
      for (; at < secret->end; ++at)
        if (starts_character(original[at])) masked_ += mark;
      secret = secrets.next();
      continue;
    }
    const std::size_t digits = hex_run(original.substr(at));
    if (digits >= shortest_key_digits) {
      for (std::size_t i = 0; i < digits; ++i) masked_ += mark;
    } else {
      masked_.append(original, at, digits);
    }
    at += digits;
    if (at == original.size()) break;
    if (original[at] == '\n') line_starts_.push_back(at + 1);
    masked_ += original[at++];
  }
}

bool MaskedText::is_masked(std::string_view piece) { return piece.find(mark) != std::string_view::npos; }

std::string MaskedText::shown(std::string_view piece) {
  std::string text;
  for (std::size_t at = 0; at < piece.size();) {
    if (!piece.substr(at).starts_with(mark)) {
      text += piece[at++];
      continue;
    }
    text += "…";
    while (piece.substr(at).starts_with(mark)) at += mark.size();
  }
  return text;
}

std::optional<crypto::SecretBytes> MaskedText::string_at(unsigned line, unsigned column) const {
  if (line == 0 || line > line_starts_.size() || column == 0) return std::nullopt;
  std::string_view rest = original_.substr(line_starts_[line - 1]);
  if (line == 1 && rest.starts_with("\xEF\xBB\xBF"))
    rest.remove_prefix(3);  // a byte order mark has no column
  for (unsigned i = 1; i < column; ++i) {
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
    while (!rest.empty() && !starts_character(rest.front())) rest.remove_prefix(1);
  }
  if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return std::nullopt;
  const std::size_t end = rest.find(rest.front(), 1);
  if (end == std::string_view::npos || end == 1) return std::nullopt;
  const std::string_view content = rest.substr(1, end - 1);
  if (content.find('\n') != std::string_view::npos) return std::nullopt;
  if (rest.front() == '"' && content.find('\\') != std::string_view::npos) return std::nullopt;
  return crypto::SecretBytes(std::as_bytes(std::span(content)));
}

}  // namespace espgate::config
