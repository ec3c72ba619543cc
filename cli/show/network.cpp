// SPDX-License-Identifier: Apache-2.0
#include "cli/show/show.h"
#include "cli/table.h"
#include "cli/units.h"

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("  {:<10}{}\n", label, printable(text));
}

std::string direction_text(const json& counters, const char* packets, const char* bytes,
                           const std::string& faults) {
  return fmt::format("{} ({}){}", count_text(counters.at(packets), "packet"), bytes_text(counters.at(bytes)),
                     faults);
}

std::string fault_text(const json& counters, const char* member, const char* what) {
  const auto count = counters.at(member).get<std::uint64_t>();
  return count == 0 ? "" : fmt::format(", {} {}", count, what);
}

std::string offloads_text(const json& offloads) {
  std::string text;
  for (const json& each : offloads) text += (text.empty() ? "" : ", ") + each.get<std::string>();
  return text.empty() ? "none" : text;
}

std::string one_port(const json& port) {
  const json& counters = port.at("counters");
  const std::string gateway = optional_text(port, "gateway");
  std::string text = fmt::format("{} ({}) is {}\n", port.at("name").get<std::string>(),
                                 port.at("id").get<unsigned>(), port.at("link").get<std::string>());
  text += line("device", fmt::format("{} ({})", port.at("device").get<std::string>(),
                                     port.at("driver").get<std::string>()));
  text += line("address", fmt::format("{}, MAC {}, MTU {}{}", port.at("address").get<std::string>(),
                                      port.at("mac").get<std::string>(), port.at("mtu").get<unsigned>(),
                                      gateway.empty() ? "" : ", gateway " + gateway));
  text += line("queues", fmt::format("{} to receive, {} to send", port.at("receive_queues").get<unsigned>(),
                                     port.at("transmit_queues").get<unsigned>()));
  text += line("offloads", offloads_text(port.at("offloads")));
  text +=
      line("received", direction_text(counters, "received", "received_bytes",
                                      fault_text(counters, "receive_missed", "missed") +
                                          fault_text(counters, "receive_errors", "damaged") +
                                          fault_text(counters, "receive_without_buffer", "without buffer")));
  text += line("sent",
               direction_text(counters, "sent", "sent_bytes", fault_text(counters, "send_errors", "failed")));
  if (!port.contains("extended_counters")) return text;
  for (const auto& [name, value] : port.at("extended_counters").items())
    if (value != 0) text += fmt::format("  {:<34}{}\n", printable(name), value.get<std::uint64_t>());
  return text;
}

}  // namespace

std::string port_text(const json& answer) {
  std::string text;
  for (const json& port : answer.at("ports")) text += (text.empty() ? "" : "\n") + one_port(port);
  return text;
}

std::string route_text(const json& answer) {
  Table table({{"PREFIX"}, {"VIA"}, {"PORT"}, {"STATE"}, {"MAC"}});
  for (const json& pool : answer.at("clients"))
    table.add({pool.at("prefix"), "sessions", "outside", "clients", ""});
  if (const json& fallback = answer.at("clients_default"); !fallback.is_null())
    table.add({"0.0.0.0/0 of clients", fallback.at("via"), fallback.at("port"), fallback.at("state"),
               optional_text(fallback, "mac")});
  for (const json& route : answer.at("routes"))
    table.add({route.at("prefix"), optional_text(route, "via"), route.at("port"), route.at("state"),
               optional_text(route, "mac")});
  return table.text();
}

std::string neighbour_text(const json& answer) {
  Table table({{"ADDRESS"},
               {"PORT"},
               {"MAC"},
               {"STATE"},
               {"HEARD", Table::Align::right},
               {"WAITING", Table::Align::right},
               {""}});
  for (const json& row : answer.at("neighbours"))
    table.add({row.at("address"), row.at("port"), optional_text(row, "mac"), row.at("state"),
               row.at("mac").is_null() ? "never" : duration_text(row.at("age_seconds")) + " ago",
               std::to_string(row.at("waiting").get<unsigned>()),
               row.at("gateway").get<bool>() ? "gateway" : ""});
  const json& counters = answer.at("counters");
  const std::string faults = fault_text(counters, "conflicts", "claims to our own addresses") +
                             fault_text(counters, "failed", "that did not answer") +
                             fault_text(counters, "evicted", "forgotten for lack of room");
  return table.text() + (faults.empty() ? "" : '\n' + faults.substr(2) + '\n');
}

}  // namespace espgate::cli
