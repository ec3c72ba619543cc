// SPDX-License-Identifier: Apache-2.0
#include "cli/import/connection.h"

#include "cli/import/values.h"
#include "config/printable.h"

#include <algorithm>
#include <set>

namespace espgate::openswan {
namespace {

constexpr std::string_view default_name = "%default";

class Resolver {
 public:
  Resolver(const std::vector<Section>& sections, Notes& notes) : sections_(sections), notes_(notes) {}

  Connection resolve(const Section& section) {
    Connection connection{section.name, section.where, {}, false};
    std::set<std::string, std::less<>> seen;
    add(section.name, connection, seen);
    add(std::string(default_name), connection, seen);
    return connection;
  }

 private:
  // The settings of all sections of this name, then of what they name by also=.
  void add(const std::string& name, Connection& connection, std::set<std::string, std::less<>>& seen) {
    if (!seen.insert(name).second) return;
    std::vector<const Setting*> also;
    for (const Section& section : sections_) {
      if (section.kind != Section::Kind::conn || section.name != name) continue;
      for (const Setting& setting : section.settings) {
        if (setting.key == "also") {
          also.push_back(&setting);
        } else if (setting.key == "alsoflip") {
          notes_.lost(setting.where, setting.shown + ": not followed; write the settings out");
        } else {
          take(setting, section.name == connection.name, connection);
        }
      }
    }
    for (const Setting* each : also) {
      if (exists(each->value)) {
        add(each->value, connection, seen);
      } else {
        notes_.lost(each->where, each->shown + ": there is no such conn");
      }
    }
  }

  // Within one conn the last value stands; from elsewhere, only what it has not.
  static void take(const Setting& setting, bool own, Connection& connection) {
    if (own) {
      connection.settings.insert_or_assign(setting.key, setting);
    } else {
      connection.settings.try_emplace(setting.key, setting);
    }
  }

  bool exists(std::string_view name) const {
    return std::ranges::any_of(sections_, [&](const Section& section) {
      return section.kind == Section::Kind::conn && section.name == name;
    });
  }

  const std::vector<Section>& sections_;
  Notes& notes_;
};

bool is_any(std::string_view side) {
  return side.starts_with("%any") || side == "0.0.0.0" || same_text(side, "%opportunistic") ||
         side == "%group";
}

// Whether the file calls us right: the other side is anybody, or ours is what only we can be.
bool is_mirrored(const Connection& connection) {
  const std::string_view left = connection.value("left");
  const std::string_view right = connection.value("right");
  if (right == "%defaultroute") return true;
  return left != "%defaultroute" && is_any(left) && !right.empty() && !is_any(right);
}

void change_sides(Connection& connection) {
  decltype(connection.settings) changed;
  for (auto& [key, setting] : connection.settings) {
    std::string name = key;
    if (key.starts_with("left")) name = "right" + key.substr(4);
    if (key.starts_with("right")) name = "left" + key.substr(5);
    setting.key = name;
    changed.emplace(std::move(name), std::move(setting));
  }
  connection.settings = std::move(changed);
}

bool has_word(std::string_view list, std::string_view word) {
  const auto words = list_value(list);
  return std::ranges::any_of(words, [&](std::string_view each) { return same_text(each, word); });
}

bool is_ikev2_only(const Connection& connection) {
  const std::string_view ikev2 = connection.value("ikev2");
  return same_text(ikev2, "insist") || flag_value(ikev2).value_or(false) ||
         same_text(connection.value("keyexchange"), "ikev2");
}

bool is_xauth(const Connection& connection) {
  return flag_value(connection.value("leftxauthserver")).value_or(false) ||
         flag_value(connection.value("rightxauthclient")).value_or(false) ||
         connection.value("authby").starts_with("xauth") ||
         connection.value("rightauth2").starts_with("xauth");
}

// Certificates or raw RSA keys.
bool is_by_key(const Connection& connection) {
  if (const std::string_view by = connection.value("authby"); !by.empty())
    return !has_word(by, "secret") && !has_word(by, "psk");
  for (const std::string_view side : {"leftauth", "rightauth"}) {
    const std::string_view how = connection.value(side);
    if (!how.empty() && !same_text(how, "psk") && !same_text(how, "secret")) return true;
  }
  return false;
}

}  // namespace

const Setting* Connection::find(std::string_view key) const {
  const auto at = settings.find(key);
  return at == settings.end() ? nullptr : &at->second;
}

std::string_view Connection::value(std::string_view key) const {
  const Setting* setting = find(key);
  return setting == nullptr ? std::string_view() : setting->value;
}

bool Connection::is_loaded() const {
  const std::string_view when = value("auto");
  return !when.empty() && !same_text(when, "ignore");
}

std::vector<Connection> resolve_connections(const std::vector<Section>& sections, Notes& notes) {
  Resolver resolver(sections, notes);
  std::set<std::string, std::less<>> named;
  for (const Section& section : sections)
    for (const Setting& setting : section.settings)
      if (setting.key == "also") named.insert(setting.value);
  std::vector<Connection> connections;
  std::set<std::string, std::less<>> done;
  for (const Section& section : sections) {
    const bool wanted = section.kind == Section::Kind::conn && section.name != default_name;
    if (!wanted || !done.insert(section.name).second) continue;
    Connection connection = resolver.resolve(section);
    connection.part_of_another = named.contains(section.name);
    if (is_mirrored(connection)) change_sides(connection);
    connections.push_back(std::move(connection));
  }
  return connections;
}

std::optional<std::string> why_not_l2tp(const Connection& connection) {
  const std::string_view type = connection.value("type");
  const auto ours = protocol_port_value(connection.value("leftprotoport"));
  const bool l2tp = ours && ours->udp && ours->port == 1701;
  if (is_ikev2_only(connection)) return "IKEv2: clients speak IKEv1 here";
  if (is_xauth(connection)) return "XAUTH, IPsec without L2TP: clients speak L2TP here";
  if (same_text(type, "passthrough") || same_text(type, "pass") || same_text(type, "drop") ||
      same_text(type, "reject") || same_text(type, "block"))
    return "a policy without IPsec: nothing clear that comes from outside is forwarded here";
  if (!l2tp && !same_text(type, "transport")) return "a tunnel without L2TP: clients speak L2TP here";
  if (!l2tp && ours && (!ours->udp || ours->port)) return "it protects another protocol than L2TP";
  if (is_by_key(connection)) return "clients are authenticated by pre-shared keys only";
  return std::nullopt;
}

}  // namespace espgate::openswan
