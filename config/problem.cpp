// SPDX-License-Identifier: Apache-2.0
#include "config/problem.h"

#include <map>
#include <utility>

namespace espgate::config {
namespace {

// Those of one place stay in the order in which they were found.
void sort_by_place(std::vector<Problem>& problems) {
  std::multimap<std::pair<unsigned, unsigned>, Problem> sorted;
  for (Problem& problem : problems)
    sorted.emplace(std::pair(problem.where.line, problem.where.column), std::move(problem));
  problems.clear();
  for (auto& [place, problem] : sorted) problems.push_back(std::move(problem));
}

}  // namespace

std::string Location::to_string() const {
  std::string text = file;
  if (line == 0) return text;
  text += ':' + std::to_string(line);
  if (column != 0) text += ':' + std::to_string(column);
  return text;
}

std::string Problem::to_string() const {
  std::string text = where.to_string();
  if (!text.empty()) text += ": ";
  text += what;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

void Problems::sort() {
  sort_by_place(errors);
  sort_by_place(warnings);
}

std::string Problems::to_string() const {
  std::string text;
  for (const Problem& problem : errors) text += problem.to_string() + '\n';
  for (const Problem& problem : warnings) text += "warning: " + problem.to_string() + '\n';
  return text;
}

}  // namespace espgate::config
