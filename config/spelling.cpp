// SPDX-License-Identifier: Apache-2.0
#include "config/spelling.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace espgate::config {
namespace {

constexpr std::size_t shortest_beginning = 3;
constexpr std::size_t longest_word = 64;  // no key of ours is nearly as long

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> table((a.size() + 1) * width);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::size_t& { return table[i * width + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) cell(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cell(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cell(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      cell(i, j) = std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cell(i, j) = std::min(cell(i, j), cell(i - 2, j - 2) + 1);
    }
  }
  return cell(a.size(), b.size());
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least || distance >= candidate.size()) continue;
    least = distance;
    best = candidate;
  }
  if (best || word.size() < shortest_beginning) return best;
  const auto begins = [&](std::string_view candidate) { return candidate.starts_with(word); };
  const auto found = std::ranges::find_if(candidates, begins);
  return found == candidates.end() ? best : std::optional(*found);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  if (const auto best = nearest(word, candidates)) return fmt::format("did you mean \"{}\"?", *best);
  std::string text = "known: ";
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != 0) text += i + 1 == candidates.size() ? " and " : ", ";
    text += fmt::format("\"{}\"", candidates[i]);
  }
  return text;
}

}  // namespace espgate::config
