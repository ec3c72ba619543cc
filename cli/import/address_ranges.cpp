// SPDX-License-Identifier: Apache-2.0
#include "cli/import/address_ranges.h"

#include "cli/import/values.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <bit>
#include <string>

namespace espgate::openswan {
namespace {

constexpr std::size_t parts_of_an_address = 4;

std::optional<std::uint32_t> address_value(std::string_view text) {
  const auto address = wire::IpAddress::from_string(text);
  if (!address || !address->is_v4()) return std::nullopt;
  return address->as_v4();
}

// "99" behind "10.0.0.10" is 10.0.0.99: its last parts alone.
std::string completed(std::string_view end, std::string_view begin) {
  const std::size_t given = list_value(end, '.').size();
  std::string text;
  std::size_t taken = 0;
  for (const std::string_view part : list_value(begin, '.'))
    if (taken++ + given < parts_of_an_address) text += std::string(part) + '.';
  return text + std::string(end);
}

}  // namespace

void AddressRanges::remove(config::AddressRange range) {
  std::vector<config::AddressRange> left;
  for (const config::AddressRange& part : parts_) {
    if (part.last < range.first || part.first > range.last) {
      left.push_back(part);
      continue;
    }
    if (part.first < range.first) left.push_back({part.first, range.first - 1});
    if (part.last > range.last) left.push_back({range.last + 1, part.last});
  }
  parts_ = std::move(left);
}

void AddressRanges::add(config::AddressRange range) {
  remove(range);
  parts_.push_back(range);
  std::ranges::sort(parts_, {}, &config::AddressRange::first);
  std::vector<config::AddressRange> joined;
  for (const config::AddressRange& part : parts_) {
    if (!joined.empty() && joined.back().last + std::uint64_t{1} == part.first)
      joined.back().last = part.last;
    else
      joined.push_back(part);
  }
  parts_ = std::move(joined);
}

std::vector<config::AddressRange> AddressRanges::gaps() const {
  std::vector<config::AddressRange> gaps;
  for (std::size_t i = 1; i < parts_.size(); ++i)
    gaps.push_back({parts_[i - 1].last + 1, parts_[i].first - 1});
  return gaps;
}

std::optional<config::AddressRange> range_value(std::string_view text) {
  const std::size_t hyphen = text.find('-');
  const auto ends = list_value(text, '-');
  if (ends.size() != (hyphen == std::string_view::npos ? 1 : 2)) return std::nullopt;
  const auto first = address_value(ends.front());
  const auto last = address_value(completed(ends.back(), ends.front()));
  if (!first || !last || *first > *last) return std::nullopt;
  return config::AddressRange{*first, *last};
}

wire::Ipv4Prefix network_around(std::uint32_t one, std::uint32_t other) {
  const auto length = static_cast<std::uint8_t>(std::countl_zero(one ^ other));
  return wire::Ipv4Prefix{one, length}.network();
}

}  // namespace espgate::openswan
