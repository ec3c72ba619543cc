// SPDX-License-Identifier: Apache-2.0
#include "cli/who.h"

#include "cli/table.h"
#include "cli/units.h"

namespace espgate::cli {

using nlohmann::json;

std::string who_text(const json& lines) {
  if (lines.empty()) return "nobody has dialled in\n";
  Table table({{"USER"},
               {"ADDRESS"},
               {"STATE"},
               {"SINCE", Table::Align::right},
               {"CLIENT", Table::Align::right},
               {"TUNNEL/SESSION"},
               {"ITS NAME"}});
  for (const json& line : lines) {
    const bool connected = line.contains("connected_seconds");
    table.add({line.value("user", "-"), line.value("address", "-"), line.value("state", "-"),
               connected ? duration_text(line.at("connected_seconds").get<std::uint64_t>()) : "-",
               std::to_string(line.value("peer_id", 0U)),
               std::to_string(line.value("tunnel", 0U)) + "/" + std::to_string(line.value("session", 0U)),
               line.value("client_host", "-")});
  }
  return table.text();
}

std::vector<json> lines_of(const json& lines, const std::string& user) {
  std::vector<json> found;
  if (user.empty()) return found;
  for (const json& line : lines)
    if (line.value("user", "") == user || line.value("address", "") == user) found.push_back(line);
  return found;
}

}  // namespace espgate::cli
