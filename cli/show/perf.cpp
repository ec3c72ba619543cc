// SPDX-License-Identifier: Apache-2.0
#include "cli/show/show.h"
#include "cli/table.h"

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

std::string worker_text(const json& worker, double cycles) {
  Table table({{"STAGE"},
               {"BURSTS", Table::Align::right},
               {"PACKETS", Table::Align::right},
               {"A BURST", Table::Align::right},
               {"CYCLES/PACKET", Table::Align::right},
               {"OF ALL TIME", Table::Align::right}});
  double spent = 0;
  for (const json& stage : worker.at("stages")) {
    const auto bursts = stage.at("bursts").get<std::uint64_t>();
    const auto packets = stage.at("packets").get<std::uint64_t>();
    const auto its = stage.at("cycles").get<double>();
    spent += its;
    table.add({stage.at("stage"), std::to_string(bursts), std::to_string(packets),
               fmt::format("{:.1f}", ratio(static_cast<double>(packets), static_cast<double>(bursts))),
               packets == 0 ? "-" : fmt::format("{:.0f}", its / static_cast<double>(packets)),
               fmt::format("{:.2f} %", 100 * ratio(its, cycles))});
  }
  const std::string title = fmt::format(
      "worker {} on core {}: {} rounds, {:.1f} % of them found packets; stages took {:.2f} % of the time\n",
      worker.at("worker").get<unsigned>(), worker.at("core").get<unsigned>(),
      worker.at("rounds").get<std::uint64_t>(), 100 * ratio(worker.at("busy_rounds"), worker.at("rounds")),
      100 * ratio(spent, cycles));
  return title + (table.empty() ? "  no packets\n" : table.text());
}

}  // namespace

std::string perf_text(const json& result) {
  std::string text =
      fmt::format("measured for {:.2f} s at {:.2f} GHz of the time stamp counter\n",
                  result.at("seconds").get<double>(), result.at("cycles_per_second").get<double>() / 1e9);
  for (const json& worker : result.at("workers")) text += '\n' + worker_text(worker, result.at("cycles"));
  return text;
}

}  // namespace espgate::cli
