// SPDX-License-Identifier: Apache-2.0
#include "config/printable.h"

#include <fmt/format.h>

namespace espgate::config {
namespace {

constexpr std::size_t longest = 200;  // bytes

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

std::string printable(std::string_view text) {
  std::string_view shown = text.substr(0, longest);
  while (shown.size() < text.size() && !shown.empty() && continues_character(text[shown.size()]))
    shown.remove_suffix(1);
  std::string result;
  for (const char byte : shown) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x20 || code == 0x7F) {
      result += fmt::format("\\x{:02x}", code);
    } else {
      result += byte;
    }
  }
  if (shown.size() < text.size()) result += "…";
  return result;
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

}  // namespace espgate::config
