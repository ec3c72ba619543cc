// SPDX-License-Identifier: Apache-2.0
#include "cli/import/import.h"

#include "cli/import/connection.h"
#include "cli/import/dial_in.h"
#include "cli/import/translation.h"
#include "config/printable.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

// Settings that may differ between connections that are one here: which client it is for, and lists of
// proposals, of which all are taken.
constexpr std::array<std::string_view, 11> free_to_differ = {
    "also",           "auto",         "right",       "rightid", "rightsubnet", "rightsubnetwithin",
    "rightprotoport", "rightnexthop", "leftnexthop", "ike",     "esp"};

// What nobody knows is left out of all of them.
bool may_differ(std::string_view key) {
  return !is_known(key) || std::ranges::find(free_to_differ, key) != free_to_differ.end();
}

// `config setup` as if it were a conn.
Connection setup_of(const std::vector<Section>& sections) {
  Connection setup{"setup", {}, {}, false};
  for (const Section& section : sections) {
    if (section.kind != Section::Kind::config) continue;
    setup.where = section.where;
    for (const Setting& setting : section.settings) setup.settings.insert_or_assign(setting.key, setting);
  }
  return setup;
}

// Connections for L2TP clients. Others get a note; so does one that was not in use, unless there is no other.
std::vector<Connection> l2tp_connections(std::vector<Connection> all, Notes& notes) {
  std::vector<Connection> loaded, unloaded;
  for (Connection& connection : all) {
    const auto why_not = why_not_l2tp(connection);
    const std::string name = "conn " + config::printable(connection.name);
    // What only other connections are made of is in them.
    if (!connection.is_loaded() && connection.part_of_another) continue;
    if (why_not) {
      notes.lost(connection.where, fmt::format("{}: not carried over: {}", name, *why_not));
    } else {
      (connection.is_loaded() ? loaded : unloaded).push_back(std::move(connection));
    }
  }
  const bool use_unloaded = loaded.empty();
  for (const Connection& connection : unloaded) {
    notes.lost(connection.where,
               fmt::format("conn {}: auto= does not load it{}", config::printable(connection.name),
                           use_unloaded ? "; carried over as there is no other" : "; not carried over"));
  }
  return use_unloaded ? unloaded : loaded;
}

void tell_difference(const Setting& one, const Connection& other, const Connection& first, Notes& notes) {
  const Setting* there = other.find(one.key);
  notes.lost(
      there != nullptr ? there->where : other.where,
      there != nullptr
          ? fmt::format(
                "{}: conn {} has {} ({}), and there is one gateway for all clients; the latter is taken",
                there->shown, config::printable(first.name), one.shown, place_text(one.where))
          : fmt::format("conn {} has no {}, which conn {} has ({}); there is one gateway for all clients, "
                        "and it is taken",
                        config::printable(other.name), one.shown, config::printable(first.name),
                        place_text(one.where)));
}

// All of them as one. The first one's settings stand; what others have besides is added.
Connection merge(const std::vector<Connection>& connections, Notes& notes) {
  Connection merged = connections.front();
  for (std::size_t i = 1; i < connections.size(); ++i) {
    const Connection& other = connections[i];
    for (const auto& [key, setting] : merged.settings)
      if (!may_differ(key) && other.value(key) != setting.value)
        tell_difference(setting, other, connections.front(), notes);
    for (const auto& [key, setting] : other.settings) {
      if (merged.find(key) != nullptr) continue;
      if (!may_differ(key)) tell_difference(setting, connections.front(), other, notes);
      merged.settings.emplace(key, setting);
    }
  }
  return merged;
}

// Of a setting of which all are taken, those that merge() has left out.
void translate_lists(const std::vector<Connection>& connections, const Connection& merged,
                     GatewayDraft& draft, Notes& notes) {
  for (std::size_t i = 1; i < connections.size(); ++i) {
    Connection lists{connections[i].name, connections[i].where, {}, false};
    for (const std::string_view key : {"ike", "esp"}) {
      const Setting* setting = connections[i].find(key);
      if (setting != nullptr && setting->value != merged.value(key)) lists.settings.emplace(key, *setting);
    }
    translate_settings(lists, draft, notes);
  }
}

std::string names_of(const std::vector<Connection>& connections) {
  std::string names;
  for (const Connection& connection : connections)
    names += (names.empty() ? "" : ", ") + config::printable(connection.name);
  return names;
}

// The connection that all L2TP connections come to, also for the secrets.
tl::expected<Connection, std::string> import_conf(const std::filesystem::path& file, const SourceFiles& files,
                                                  GatewayDraft& draft, Notes& notes) {
  const std::string name = config::printable(file.string());
  const auto sections = read_ipsec_conf(file, files, notes);
  if (!sections) return tl::unexpected(name + ": " + sections.error());
  const auto connections = l2tp_connections(resolve_connections(*sections, notes), notes);
  if (connections.empty())
    return tl::unexpected(name +
                          ": no conn in it is for L2TP with a pre-shared key (leftprotoport=17/1701, or "
                          "type=transport, and authby=secret)");
  draft.made_from.push_back(fmt::format("{}, conn {}", name, names_of(connections)));
  const Connection setup = setup_of(*sections);
  Connection merged = merge(connections, notes);
  if (merged.value("leftid") == "%myid" && setup.find("myid") != nullptr) merged.settings.erase("leftid");
  translate_settings(setup, draft, notes);
  translate_settings(merged, draft, notes);
  translate_lists(connections, merged, draft, notes);
  if (merged.find("ike") == nullptr) {
    notes.lost(merged.where,
               fmt::format("conn {} has no ike=: old releases then took 3DES, MD5, modp1536 and modp1024 "
                           "as well; here ike.legacy has to name what old clients need",
                           config::printable(merged.name)));
  }
  reconcile(merged, draft, notes);
  return merged;
}

}  // namespace

tl::expected<GatewayDraft, std::string> import_openswan(const Sources& sources, const SourceFiles& files,
                                                        Notes& notes) {
  GatewayDraft draft;
  draft.surroundings = sources.surroundings;
  std::optional<Connection> connection;
  if (!sources.ipsec_conf.empty()) {
    auto imported = import_conf(sources.ipsec_conf, files, draft, notes);
    if (!imported) return tl::unexpected(std::move(imported.error()));
    connection = std::move(*imported);
  }
  if (!sources.ipsec_secrets.empty()) {
    const std::string name = config::printable(sources.ipsec_secrets.string());
    auto lines = read_ipsec_secrets(sources.ipsec_secrets, files, notes);
    if (!lines) return tl::unexpected(name + ": " + lines.error());
    draft.made_from.push_back(name);
    translate_secrets(std::move(*lines), connection ? &*connection : nullptr, draft, notes);
    if (draft.psks.empty())
      notes.lost({sources.ipsec_secrets.string(), 0, 0}, "no pre-shared key in it was carried over");
  }
  if (auto done = import_dial_in(sources, files, draft, notes); !done)
    return tl::unexpected(std::move(done.error()));
  return draft;
}

}  // namespace espgate::openswan
