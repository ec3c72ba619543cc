// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/encap_suite.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

constexpr std::size_t suggestions = 3;
constexpr std::size_t longest_shown = 40;

// Levenshtein's: how many characters to insert, remove or replace.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // from a's first i characters to b's first j
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(std::string_view name) {
  std::vector<std::pair<std::size_t, std::string_view>> names;
  for (const crypto::Suite& suite : crypto::suites())
    names.emplace_back(distance(name, suite.name), suite.name);
  std::ranges::sort(names);
  std::vector<std::string_view> best;
  for (const auto& [how_far, suite] : std::span(names).first(std::min(names.size(), suggestions)))
    best.push_back(suite);
  return fmt::format("{}", fmt::join(best, ", "));
}

}  // namespace

Expected<crypto::SuiteId> parse_suite(std::string_view option, std::string_view name) {
  if (const auto suite = crypto::find_suite(name)) return *suite;
  const std::string_view shown = name.substr(0, longest_shown);
  return fail({fmt::format("there is no suite \"{}\"", shown), std::string(option),
               fmt::format("nearest are {}", nearest(shown)), ErrorKind::usage});
}

}  // namespace espgate::replay
