// SPDX-License-Identifier: Apache-2.0
#include "config/masked_text.h"

#include <span>

namespace espgate::config {
namespace {

constexpr std::size_t shortest_key_digits = 16;
constexpr std::string_view mark = "\xEE\x80\x80";  // U+E000, private use: legal in TOML strings, nowhere else

constexpr bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::size_t hex_run(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_hex(text[length])) ++length;
  return length;
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

}  // namespace

MaskedText::MaskedText(std::string_view original) : original_(original), line_starts_{0} {
  masked_.reserve(original.size() * 2);
  for (std::size_t at = 0; at < original.size();) {
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
  if (content.find_first_of("\\\n") != std::string_view::npos) return std::nullopt;
  return crypto::SecretBytes(std::as_bytes(std::span(content)));
}

}  // namespace espgate::config
