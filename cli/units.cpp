// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

constexpr std::array<std::string_view, 6> prefixes = {"", "k", "M", "G", "T", "P"};

// Brings `value` below 1000; the index of its prefix.
std::size_t scale(double& value) {
  std::size_t prefix = 0;
  // 999.95 would be written as 1000.0.
  while (value >= 999.95 && prefix + 1 < prefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  return prefix;
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  auto value = static_cast<double>(bytes);
  const std::size_t prefix = scale(value);
  return prefix == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}B", value, prefixes.at(prefix));
}

std::string duration_text(std::uint64_t seconds) {
  constexpr std::uint64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  if (seconds < minute) return fmt::format("{}s", seconds);
  if (seconds < hour) return fmt::format("{}m {:02}s", seconds / minute, seconds % minute);
  if (seconds < day) return fmt::format("{}h {:02}m", seconds / hour, seconds % hour / minute);
  return fmt::format("{}d {:02}h", seconds / day, seconds % day / hour);
}

std::string rate_text(double per_second) {
  const std::size_t prefix = scale(per_second);
  return prefix == 0 ? fmt::format("{:.0f}", per_second)
                     : fmt::format("{:.1f}{}", per_second, prefixes.at(prefix));
}

std::string bit_rate_text(double bytes_per_second) {
  double bits = 8 * bytes_per_second;
  const std::size_t prefix = scale(bits);
  return prefix == 0 ? fmt::format("{:.0f} bit/s", bits)
                     : fmt::format("{:.1f} {}bit/s", bits, prefixes.at(prefix));
}

}  // namespace espgate::cli
