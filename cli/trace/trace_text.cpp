// SPDX-License-Identifier: Apache-2.0
#include "cli/trace/trace_text.h"

#include "cli/show/show.h"
#include "cli/table.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

std::string time_text(std::uint64_t nanoseconds) {
  const auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
  return fmt::format("{:%H:%M:%S}.{:06}", fmt::localtime(seconds), nanoseconds / 1000 % 1'000'000);
}

std::string protocol_text(unsigned protocol) {
  switch (protocol) {
    case 1:
      return "icmp";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 50:
      return "esp";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

std::string flow_line(const json& trace, const char* which) {
  if (!trace.contains(which)) return {};
  const json& flow = trace.at(which);
  return fmt::format("    {}  {} -> {} {}\n", which, flow.at("source").get<std::string>(),
                     flow.at("destination").get<std::string>(), protocol_text(flow.at("protocol")));
}

std::string esp_line(const json& trace) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (trace.contains("spi")) add("SPI " + trace.at("spi").get<std::string>());
  if (trace.contains("sequence")) add("sequence " + trace.at("sequence").dump());
  if (trace.contains("peer")) add("peer " + trace.at("peer").dump());
  if (trace.contains("name")) add(trace.at("name").get<std::string>());
  if (trace.contains("tunnel"))
    add(fmt::format("session {}/{}", trace.at("tunnel").get<unsigned>(),
                    trace.at("session").get<unsigned>()));
  return text.empty() ? "" : "    " + printable(text) + '\n';
}

std::string end_text(const json& trace, const json& last) {
  if (last.contains("dropped"))
    return fmt::format("dropped: {}: {}", last.at("dropped").get<std::string>(),
                       last.at("why").get<std::string>());
  if (last.contains("punted")) return last.at("why").get<std::string>();
  if (last.at("stage") != "link_push" || !trace.contains("next_hop"))
    return "it is not known what became of it";
  return fmt::format("sent by {} to {}", trace.at("next_hop").at("port").get<std::string>(),
                     optional_text(trace.at("next_hop"), "mac"));
}

std::string worker_text(const json& worker) {
  return worker.is_string() ? worker.get<std::string>() : "worker " + worker.dump();
}

}  // namespace

std::string trace_text(const json& trace, std::uint64_t number) {
  std::string text = fmt::format("#{}  {}  {}  from: {}\n", number, time_text(trace.at("time")),
                                 worker_text(trace.at("worker")), trace.at("start").get<std::string>());
  text += flow_line(trace, "outer") + flow_line(trace, "inner") + esp_line(trace);
  for (const json& step : trace.at("steps"))
    text += fmt::format("      {:<15}{:>6} bytes\n", step.at("stage").get<std::string>(),
                        step.at("length").get<unsigned>());
  if (!trace.at("steps").empty()) text += "    " + end_text(trace, trace.at("steps").back()) + '\n';
  return text;
}

}  // namespace espgate::cli
