// SPDX-License-Identifier: Apache-2.0
#include "cli/show/show.h"
#include "cli/table.h"
#include "cli/units.h"

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

std::string number(const json& value) { return std::to_string(value.get<std::uint64_t>()); }

std::string joined(const json& list) {
  std::string text;
  for (const json& each : list) text += (text.empty() ? "" : " ") + each.get<std::string>();
  return text;
}

std::string name_of(const json& row) {
  const std::string name = optional_text(row, "name");
  return name.empty() ? "peer " + number(row.at("peer")) : name;
}

std::string traffic_text(const json& traffic, const char* packets, const char* bytes) {
  return fmt::format("{} ({})", bytes_text(traffic.at(bytes)), traffic.at(packets).get<std::uint64_t>());
}

// "87 % of 1.0 GB": how much of the nearer hard limit is used.
std::string life_text(const json& sa) {
  const auto used = [&](const char* hard, const char* count) {
    const auto limit = sa.at(hard).get<double>();
    return limit == 0 ? 0.0 : 100 * sa.at(count).get<double>() / limit;
  };
  if (sa.at("expired").get<bool>()) return "expired";
  const double share = std::max(used("hard_bytes", "bytes"), used("hard_packets", "packets"));
  const bool limited = sa.at("hard_bytes") != 0 || sa.at("hard_packets") != 0;
  std::string text = limited ? fmt::format("{:.0f} %", share) : "no limit";
  if (sa.at("soft_reached").get<bool>()) text += ", to be replaced";
  return text;
}

// Of an inbound SA the highest number that came, of an outbound one the next to be sent.
std::string sequence_text(const json& sa) {
  const bool inbound = sa.at("direction") == "in";
  return fmt::format(
      "{}{}", inbound ? sa.at("highest").get<std::uint64_t>() : sa.at("next_sequence").get<std::uint64_t>(),
      sa.at("esn").get<bool>() ? " esn" : "");
}

std::string window_text(const json& sa) {
  return sa.at("direction") == "in" ? "window " + number(sa.at("replay_window"))
                                    : "of " + number(sa.at("last_sequence"));
}

std::string selector_text(const json& side) {
  const json& port = side.at("port");
  return fmt::format("{} {}/{}", side.at("address").get<std::string>(),
                     side.at("protocol").get<std::string>(),
                     port.is_string() ? port.get<std::string>() : port.dump());
}

}  // namespace

std::string peer_text(const json& answer) {
  Table table({{"PEER", Table::Align::right},
               {"NAME"},
               {"REMOTE"},
               {"INNER"},
               {"SPI IN"},
               {"SPI OUT"},
               {"WORKER", Table::Align::right},
               {"IN", Table::Align::right},
               {"OUT", Table::Align::right}});
  for (const json& peer : answer.at("peers"))
    table.add({number(peer.at("peer")), optional_text(peer, "name"), peer.at("remote"),
               joined(peer.at("sessions")), joined(peer.at("spis_in")), joined(peer.at("spis_out")),
               number(peer.at("owner")), traffic_text(peer.at("traffic"), "packets_in", "bytes_in"),
               traffic_text(peer.at("traffic"), "packets_out", "bytes_out")});
  std::string text = table.empty() ? "no peers\n" : table.text();
  if (!answer.contains("not_installed")) return text;
  for (const json& peer : answer.at("not_installed")) {
    const std::string problem = peer.at("problem");
    text += printable(peer.at("name").get<std::string>() + " is not installed: " +
                      (problem.empty() ? "the data plane has not taken it yet" : problem)) +
            '\n';
  }
  return text;
}

std::string sa_text(const json& answer) {
  Table table({{"PEER"},
               {"DIR"},
               {"SPI"},
               {"SUITE"},
               {"REMOTE"},
               {"ENCAPSULATION"},
               {"PACKETS", Table::Align::right},
               {"BYTES", Table::Align::right},
               {"SEQUENCE", Table::Align::right},
               {""},
               {"LIFE"},
               {"AGE", Table::Align::right},
               {"WORKER", Table::Align::right}});
  for (const json& sa : answer.at("sas"))
    table.add({name_of(sa), sa.at("direction"), sa.at("spi"), sa.at("suite"), sa.at("remote"),
               sa.at("encapsulation"), number(sa.at("packets")), bytes_text(sa.at("bytes")),
               sequence_text(sa), window_text(sa), life_text(sa), duration_text(sa.at("age_seconds")),
               number(sa.at("owner"))});
  return table.empty() ? "no SAs\n" : table.text();
}

std::string policy_text(const json& answer) {
  Table table({{"PEER"}, {"DIR"}, {"SOURCE"}, {"DESTINATION"}, {"ACTION"}, {"MODE"}, {"PROTOCOL"}, {"SPI"}});
  for (const json& policy : answer.at("policies"))
    table.add({name_of(policy), policy.at("direction"), selector_text(policy.at("source")),
               selector_text(policy.at("destination")), policy.at("action"), policy.at("mode"),
               policy.at("protocol"), policy.at("spi")});
  Table defaults({{"FROM"}, {"WHAT"}, {"ACTION"}, {"ELSE DROPPED AS"}});
  for (const json& rule : answer.at("defaults"))
    defaults.add({rule.at("from"), rule.at("what"), rule.at("action"), optional_text(rule, "reason")});
  return (table.empty() ? "" : table.text() + '\n') + defaults.text();
}

}  // namespace espgate::cli
