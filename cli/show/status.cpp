// SPDX-License-Identifier: Apache-2.0
#include "cli/show/show.h"
#include "cli/table.h"
#include "cli/units.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("{:<12}{}\n", label, printable(text));
}

// `process`: what control says of itself; null: it does not answer.
std::string control_text(const json& connection, const json& process) {
  std::string text;
  if (!process.is_null()) {
    const json& peers = process.at("peers");
    text = fmt::format("pid {}, up {}, {} of {} installed, ", process.at("pid").get<unsigned>(),
                       duration_text(process.at("uptime_seconds")), peers.at("installed").get<unsigned>(),
                       count_text(peers.at("wanted"), "peer"));
  }
  if (connection.at("connected").get<bool>())
    return text + "connected for " + duration_text(connection.at("seconds"));
  return text + "not connected; what is installed goes on working, nothing new is installed";
}

// Nothing without control, or from one that knows no IKE.
std::string ike_text(const json& process) {
  if (process.is_null() || !process.contains("ike")) return {};
  const json& ike = process.at("ike");
  if (ike.is_null()) return line("ike", "clients can't dial in: there is no [[ike.psk]]");
  std::string text =
      fmt::format("{}, {} half-open, {} negotiating", count_text(ike.at("clients"), "client"),
                  ike.at("half_open").get<std::uint64_t>(), ike.at("negotiating").get<std::uint64_t>());
  std::string refused;
  for (const auto& [reason, count] : ike.at("refusals").items())
    refused += fmt::format("{} {} {}", refused.empty() ? "" : ",", reason, count.get<std::uint64_t>());
  return line("ike", text + (refused.empty() ? ", nothing refused" : "; refused:" + refused));
}

// What control last complained about.
std::string complaints_text(const json& process) {
  constexpr std::size_t most = 5;
  if (process.is_null() || process.at("last_errors").empty()) return {};
  const json& all = process.at("last_errors");
  std::string text = "\nlast warnings of control\n";
  for (std::size_t i = all.size() - std::min(most, all.size()); i < all.size(); ++i)
    text += "  " + printable(all.at(i).get<std::string>()) + '\n';
  return text;
}

std::string side_text(const json& packets, const char* side) {
  if (!packets.contains(side)) return {};
  const json& counters = packets.at(side);
  return fmt::format("{} received, {} sent", counters.at("received").get<std::uint64_t>(),
                     counters.at("sent").get<std::uint64_t>());
}

std::string installed_text(const json& installed) {
  return fmt::format("{}, {}, {} in, {} out", count_text(installed.at("peers"), "peer"),
                     count_text(installed.at("sessions"), "session"),
                     count_text(installed.at("sas_in"), "SA"), installed.at("sas_out").get<std::uint64_t>());
}

// What left the path other than forwarded or dropped, without what never happened.
std::string punted_text(const json& punted) {
  std::string text;
  for (const auto& [name, count] : punted.items())
    if (count != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count.get<std::uint64_t>());
  return text.empty() ? "nothing" : text;
}

std::string queues_text(const json& queues) {
  std::string text;
  for (const json& queue : queues)
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", queue.at("port").get<unsigned>(),
                        queue.at("queue").get<unsigned>());
  return text;
}

std::string workers_text(const json& workers) {
  Table table({{"WORKER"},
               {"CORE", Table::Align::right},
               {"PORT:QUEUE"},
               {"BUSY", Table::Align::right},
               {"ROUNDS/S", Table::Align::right},
               {"WHEN IDLE"}});
  for (const json& worker : workers)
    table.add({std::to_string(worker.at("worker").get<unsigned>()),
               std::to_string(worker.at("core").get<unsigned>()), queues_text(worker.at("queues")),
               fmt::format("{:.1f} %", worker.at("busy_percent").get<double>()),
               rate_text(worker.at("rounds_per_second")),
               worker.at("idle") == "poll"           ? "polls"
               : worker.at("interrupts").get<bool>() ? "waits for interrupts"
                                                     : "sleeps briefly"});
  return table.text();
}

}  // namespace

std::string optional_text(const json& row, const char* member) {
  const auto at = row.find(member);
  if (at == row.end() || at->is_null()) return {};
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::string count_text(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string status_text(const json& answer) {
  const json& packets = answer.at("packets");
  const json& buffers = answer.at("buffers");
  std::string text = line(
      "data plane", fmt::format("espgate {}, pid {}, up {}, {}", answer.at("version").get<std::string>(),
                                answer.at("pid").get<unsigned>(), duration_text(answer.at("uptime_seconds")),
                                answer.at("configuration").get<std::string>()));
  const json process = answer.value("control_process", json());
  text += line("control", control_text(answer.at("control"), process));
  text += ike_text(process);
  text += line("engine", answer.at("engine"));
  text += line("memory",
               fmt::format("{} MB {} hugepages, packet buffers {} of {} in use",
                           answer.at("memory_megabytes").get<unsigned>(),
                           answer.at("hugepages").get<bool>() ? "of" : "without",
                           buffers.at("in_use").get<unsigned>(), buffers.at("capacity").get<unsigned>()));
  text += line("installed", installed_text(answer.at("installed")));
  text += line("outside", side_text(packets, "outside"));
  text += line("inside", packets.contains("inside") ? side_text(packets, "inside") : "the same port");
  text += line("dropped", count_text(packets.at("dropped"), "packet"));
  text += line("elsewhere", punted_text(packets.at("punted")));
  return text + '\n' + workers_text(answer.at("workers")) + complaints_text(process);
}

std::string buffers_text(const json& answer) {
  const auto size = [&](const char* which) {
    return fmt::format("{} of {}", answer.at(which).at("count").get<unsigned>(),
                       bytes_text(answer.at(which).at("bytes")));
  };
  std::string text = line("in use", fmt::format("{} of {}", answer.at("in_use").get<unsigned>(),
                                                answer.at("capacity").get<unsigned>()));
  text += line("ordinary", size("ordinary"));
  text += line("large", size("large"));
  text += line("cached", fmt::format("up to {} per worker", answer.at("cached_per_worker").get<unsigned>()));
  text +=
      line("shortages", fmt::format("{} packets found none", answer.at("shortages").get<std::uint64_t>()));
  for (const json& port : answer.at("ports"))
    text += line(fmt::format("port {}", port.at("port").get<unsigned>()),
                 fmt::format("{} times without a buffer to receive into",
                             port.at("receive_without_buffer").get<std::uint64_t>()));
  return text;
}

}  // namespace espgate::cli
