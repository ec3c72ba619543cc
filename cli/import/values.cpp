// SPDX-License-Identifier: Apache-2.0
#include "cli/import/values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace espgate::openswan {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

template <std::size_t count>
bool is_one_of(std::string_view text, const std::array<std::string_view, count>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return same_text(text, word); });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// nullopt: no unit of time.
std::optional<double> unit_seconds(std::string_view unit) {
  if (unit.empty() || unit == "s") return 1;
  if (unit == "m") return 60;
  if (unit == "h") return 3600;
  if (unit == "d") return 86400;
  if (unit == "w") return 7.0 * 86400;
  return std::nullopt;
}

}  // namespace

bool same_text(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::optional<bool> flag_value(std::string_view text) {
  using Words = std::array<std::string_view, 4>;
  if (is_one_of(text, Words{"yes", "true", "1", "on"})) return true;
  if (is_one_of(text, Words{"no", "false", "0", "off"})) return false;
  return std::nullopt;
}

std::optional<double> seconds_value(std::string_view text) {
  constexpr double longest = 1000.0 * 365 * 86400;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  const auto unit = unit_seconds(trimmed({behind, static_cast<std::size_t>(end - behind)}));
  if (!unit || !(number * *unit <= longest)) return std::nullopt;
  return number * *unit;
}

std::vector<std::string_view> list_value(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = trimmed(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<ProtocolPort> protocol_port_value(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view protocol = trimmed(text.substr(0, slash));
  if (protocol.empty()) return std::nullopt;
  ProtocolPort value{protocol == "17" || same_text(protocol, "udp"), std::nullopt};
  if (slash == std::string_view::npos) return value;
  const std::string_view port = trimmed(text.substr(slash + 1));
  if (is_one_of(port, std::array<std::string_view, 4>{"%any", "any", "", "0"})) return value;
  if (same_text(port, "l2tp") || same_text(port, "l2f")) {
    value.port = 1701;
    return value;
  }
  unsigned number = 0;
  const auto [behind, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || behind != port.data() + port.size()) return std::nullopt;
  value.port = number;
  return value;
}

}  // namespace espgate::openswan
