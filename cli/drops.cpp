// SPDX-License-Identifier: Apache-2.0
#include "cli/drops.h"

#include "cli/table.h"
#include "cli/units.h"

#include <map>

namespace espgate::cli {
namespace {

using nlohmann::json;

std::map<std::string, std::uint64_t> counts_of(const json* answer) {
  std::map<std::string, std::uint64_t> counts;
  if (answer == nullptr) return counts;
  for (const json& row : answer->at("drops")) counts[row.at("reason")] = row.at("packets");
  return counts;
}

std::string rate_of(std::uint64_t now, std::uint64_t before, double seconds) {
  // A data plane that was started anew counts from 0.
  return rate_text(seconds <= 0 || now < before ? 0 : static_cast<double>(now - before) / seconds) + "/s";
}

}  // namespace

std::string drops_text(const json& answer, const json* before, double seconds, bool all) {
  const auto earlier = counts_of(before);
  std::vector<Table::Column> columns = {{"PACKETS", Table::Align::right}};
  if (before != nullptr) columns.push_back({"RATE", Table::Align::right});
  for (const char* title : {"REASON", "SEVERITY", "WHAT IT MEANS, AND WHAT TO DO"})
    columns.push_back({title});
  Table table(columns);
  for (const json& row : answer.at("drops")) {
    const auto packets = row.at("packets").get<std::uint64_t>();
    if (packets == 0 && !all) continue;
    const std::string reason = row.at("reason");
    std::vector<std::string> cells = {std::to_string(packets)};
    std::vector<std::string> below = {""};
    if (before != nullptr) {
      const auto at = earlier.find(reason);
      cells.push_back(rate_of(packets, at == earlier.end() ? 0 : at->second, seconds));
      below.emplace_back();
    }
    cells.insert(cells.end(), {reason, row.at("severity"), row.at("sentence")});
    below.insert(below.end(), {"", "", "-> " + row.at("hint").get<std::string>()});
    table.add(cells);
    table.add(below);
  }
  return table.empty() ? "nothing was dropped\n" : table.text();
}

}  // namespace espgate::cli
