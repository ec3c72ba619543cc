// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/report_parts.h"

#include <fstream>

#include <fmt/format.h>

namespace espgate::replay {

std::string drops_text(const dataplane::WorkerStats& stats) {
  std::string out;
  for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i) {
    const auto& info = dataplane::drop_reasons[i];
    if (stats.drops[i] != 0)
      out += fmt::format("  {:<22} {:>8}  {}\n", info.name, stats.drops[i].value(), info.sentence);
  }
  return "\nDrops\n" + (out.empty() ? "  none\n" : out);
}

nlohmann::ordered_json drops_json(const dataplane::WorkerStats& stats) {
  auto drops = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i)
    if (stats.drops[i] != 0) drops[std::string(dataplane::drop_reasons[i].name)] = stats.drops[i].value();
  return drops;
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown CPU";
}

}  // namespace espgate::replay
