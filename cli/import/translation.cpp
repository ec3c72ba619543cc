// SPDX-License-Identifier: Apache-2.0
// Settings that have a counterpart here. Those that have none are in meanings.cpp.
#include "cli/import/translation.h"

#include "cli/import/meanings.h"
#include "cli/import/proposals.h"
#include "cli/import/values.h"
#include "config/printable.h"
#include "wire/ip_address.h"
#include "wire/ipv4_prefix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

// The bounds of our settings (docs/configuration.md), in seconds.
struct Bounds {
  unsigned least, most;
};
constexpr Bounds lifetime_bounds{300, 7 * 86400};
constexpr Bounds margin_bounds{10, 3600};
constexpr Bounds delay_bounds{0, 3600};
constexpr Bounds timeout_bounds{10, 86400};
constexpr Bounds keepalive_bounds{0, 3600};

// Where a setting goes, and what is told of it.
struct Place {
  const Setting& setting;
  const Connection& all;
  GatewayDraft& draft;
  Notes& notes;

  // Long lists are named by their key.
  [[nodiscard]] std::string origin() const {
    constexpr std::size_t most = 40;
    const std::string name = setting.shown.size() > most ? key() : setting.shown;
    const config::Location short_place{std::filesystem::path(setting.where.file).filename().string(),
                                       setting.where.line, 0};
    return fmt::format("{} ({})", name, place_text(short_place));
  }
  // As the file has it.
  [[nodiscard]] std::string key() const { return setting.shown.substr(0, setting.shown.find('=')); }
  void part_lost(std::string_view part, std::string_view why) const {
    notes.lost(setting.where, fmt::format("{}: {}{}", key(), config::in_quotes(part), why));
  }
  void lost(std::string_view why) const {
    notes.lost(setting.where, fmt::format("{}: {}", setting.shown, why));
  }
  void same(std::string_view why) const {
    notes.same(setting.where, fmt::format("{}: {}", setting.shown, why));
  }
};

void put_seconds(const Place& place, MaybeGiven<unsigned>& into, Bounds bounds, std::string_view our_key) {
  const auto seconds = seconds_value(place.setting.value);
  if (!seconds) return place.lost("no duration; left out");
  const double wanted = std::round(*seconds);
  const double taken = std::clamp(wanted, double{1.0 * bounds.least}, double{1.0 * bounds.most});
  if (taken != wanted)
    place.lost(fmt::format("{} is {} to {} seconds; set to {}", our_key, bounds.least, bounds.most, taken));
  into = {static_cast<unsigned>(taken), place.origin()};
}

void put_flag(const Place& place, MaybeGiven<bool>& into) {
  const auto flag = flag_value(place.setting.value);
  if (!flag) return place.lost("expected yes or no; left out");
  into = {*flag, place.origin()};
}

void put_ike_lifetime(const Place& place) {
  put_seconds(place, place.draft.lifetime_seconds, lifetime_bounds, "ike.lifetime_seconds");
}
void put_sa_lifetime(const Place& place) {
  put_seconds(place, place.draft.sa_lifetime_seconds, lifetime_bounds, "ike.sa_lifetime_seconds");
}
void put_rekey_margin(const Place& place) {
  put_seconds(place, place.draft.rekey_margin_seconds, margin_bounds, "ike.rekey_margin_seconds");
}
void put_dpd_delay(const Place& place) {
  put_seconds(place, place.draft.dpd_delay_seconds, delay_bounds, "ike.dpd_delay_seconds");
}
void put_dpd_timeout(const Place& place) {
  put_seconds(place, place.draft.dpd_timeout_seconds, timeout_bounds, "ike.dpd_timeout_seconds");
}
void put_keepalive(const Place& place) {
  put_seconds(place, place.draft.keepalive_seconds, keepalive_bounds, "ike.keepalive_seconds");
}
void put_rekey(const Place& place) { put_flag(place, place.draft.rekey); }

// Openswan's: whether to encapsulate although no NAT is found.
void put_force_encapsulation(const Place& place) { put_flag(place, place.draft.force_encapsulation); }

// Libreswan's: yes forces, auto looks for a NAT, no never encapsulates.
void put_encapsulation(const Place& place) {
  const auto flag = flag_value(place.setting.value);
  if (flag == false) place.lost("clients behind a NAT are encapsulated always; others are then not");
  if (!flag && !same_text(place.setting.value, "auto"))
    return place.lost("expected yes, no or auto; left out");
  place.draft.force_encapsulation = {flag.value_or(false), place.origin()};
}

void put_aggressive(const Place& place) {
  const auto flag = flag_value(place.setting.value);
  if (!flag || !*flag) return place.same("aggressive mode is refused unless ike.legacy names it");
  place.draft.legacy.push_back({"aggressive", place.origin()});
}

void add_once(std::vector<Given<std::string>>& list, const std::string& value, const std::string& origin) {
  if (std::ranges::find(list, value, &Given<std::string>::value) == list.end())
    list.push_back({value, origin});
}

void put_ike(const Place& place) {
  const Proposals proposals = ike_proposals(place.setting.value);
  for (const std::string& name : proposals.legacy) add_once(place.draft.legacy, name, place.origin());
  for (const std::string& name : proposals.unknown) place.part_lost(name, " is not there; left out");
  if (!proposals.left_out.empty()) {
    place.lost(
        fmt::format("a proposal without a group: groups of 2048 bits and more are accepted; old clients may "
                    "need more of ike.legacy = [\"{}\"]",
                    fmt::join(proposals.left_out, "\", \"")));
  }
  if (proposals.unknown.empty() && proposals.left_out.empty() && proposals.legacy.empty())
    place.same("all of it is accepted without being named");
}

void put_esp(const Place& place) {
  const Proposals proposals = esp_proposals(place.setting.value);
  for (const std::string& name : proposals.legacy) add_once(place.draft.legacy_esp, name, place.origin());
  for (const std::string& name : proposals.unknown) place.part_lost(name, " is not there; left out");
  if (proposals.pfs_group) place.lost("PFS is accepted when a client proposes it, and never demanded");
  if (proposals.unknown.empty() && !proposals.pfs_group && proposals.legacy.empty())
    place.same("all of it is accepted without being named");
}

// "%v4:10.0.0.0/8", "%v4:!10.40.0.0/24", of old "%4:".
void put_client_network(const Place& place, std::string_view rule) {
  const auto left_out = [&](const std::string& why) { place.part_lost(rule, why); };
  if (rule.starts_with("%v6:") || rule.starts_with("%6:"))
    return left_out(": clients' networks are IPv4; left out");
  const std::size_t colon = rule.find(':');
  if (!rule.starts_with("%v4:") && !rule.starts_with("%4:")) return left_out(" is no %v4:NETWORK; left out");
  std::string_view text = rule.substr(colon + 1);
  const bool excluded = text.starts_with('!');
  if (excluded) text.remove_prefix(1);
  const auto prefix = wire::Ipv4Prefix::from_string(text);
  if (!prefix) return left_out(" is no %v4:NETWORK; left out");
  const std::string network = prefix->network().to_string();
  if (prefix->network() != *prefix) left_out(" has host bits set; taken as " + network);
  add_once(place.draft.client_networks, (excluded ? "!" : "") + network, place.origin());
}

void put_client_networks(const Place& place) {
  for (const std::string_view rule : list_value(place.setting.value)) put_client_network(place, rule);
}

std::optional<wire::IpAddress> v4_address(std::string_view text) {
  const auto address = wire::IpAddress::from_string(text);
  return address && address->is_v4() ? address : std::nullopt;
}

// An address that a host on the Internet may have, as far as check() asks.
bool is_host_address(const wire::IpAddress& address) {
  const std::uint32_t first_byte = address.as_v4() >> 24;
  return first_byte != 0 && first_byte != 127 && first_byte < 224;
}

void put_left(const Place& place) {
  const std::string& value = place.setting.value;
  if (value == "%defaultroute" || value == "%any" || value == "%defaultroute4")
    return place.same("outside.interface and outside.address say which address is ours");
  if (const auto address = v4_address(value)) {
    place.draft.own_address = address->to_string();
    const std::string& given = place.draft.surroundings.outside_address;
    if (given.empty()) return place.same("goes into outside.address, with the length of the link's network");
    const auto outside = wire::Ipv4Prefix::from_string(given);
    if (outside && outside->address == address->as_v4()) return place.same("is outside.address");
    return place.lost("outside.address is " + given);
  }
  place.lost("no IPv4 address; outside.address says which is ours");
}

void put_next_hop(const Place& place) {
  const auto address = v4_address(place.setting.value);
  if (!address) return place.lost("outside.gateway names the next hop to clients");
  place.draft.next_hop = address->to_string();
  place.same("goes into outside.gateway");
}

bool is_name(std::string_view text) {
  const bool characters = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
  const bool address_like = text.find_first_not_of("0123456789.") == std::string_view::npos;
  return characters && !address_like && text.size() <= 255;
}

// An address is what clients dial, unless it is the interface's own; a name is an identity and no more.
void put_leftid(const Place& place) {
  const std::string& value = place.setting.value;
  if (const auto address = v4_address(value)) {
    const auto outside = wire::Ipv4Prefix::from_string(place.draft.surroundings.outside_address);
    if (value == place.all.value("left") || (outside && outside->address == address->as_v4()))
      return place.same("the address of [outside] is the identity by itself");
    if (!is_host_address(*address)) return place.lost("no address that clients can reach; left out");
    place.draft.public_address = {address->to_string(), place.origin()};
    return;
  }
  const bool at = value.starts_with('@');
  const std::string name = value.substr(at ? 1 : 0);
  if (name.empty() || !is_name(name))
    return place.lost("ike.identity is an address or a name like vpn.example.com; left out");
  place.draft.identity = {name, place.origin()};
  if (!at)
    place.lost(
        "sent as a name; Openswan and Libreswan looked it up and sent the address, which here is "
        "gateway.public_address");
}

void put_interfaces(const Place& place) {
  const std::string_view value = place.setting.value;
  const std::size_t equals = value.find('=');
  const std::string_view name = equals == std::string_view::npos ? "" : value.substr(equals + 1);
  if (is_name(name) && name.size() < 16 && !name.empty()) place.draft.own_interface = name;
  place.lost("outside.interface or outside.device names the port");
}

// plutodebug=none, or empty: nothing special was logged.
void put_debug(const Place& place) {
  const std::string_view value = place.setting.value;
  if (value.empty() || same_text(value, "none") || flag_value(value) == false)
    return place.same("runtime.log_level is \"info\" unless it says otherwise");
  place.draft.log_level = {"debug", place.origin()};
}

void put_dpd_action(const Place& place) {
  if (same_text(place.setting.value, "none")) {
    place.draft.dpd_delay_seconds = {0, place.origin()};
    return;
  }
  const Meaning& meaning = *find_meaning("dpdaction");
  means_the_same(meaning, place.setting.value) ? place.same(meaning.text) : place.lost(meaning.text);
}

// vhost:%priv, %no: clients behind a NAT, and those that are not.
void put_right_subnet(const Place& place) {
  const std::string_view value = place.setting.value;
  if (value.starts_with("vhost:") || value.starts_with("vnet:"))
    return place.same(
        "clients may be behind a NAT or not; ike.allowed_client_networks limits their addresses there");
  place.lost("transport mode protects L2TP between the two hosts alone, whatever network stands here");
}

struct Handler {
  std::string_view key;
  void (*put)(const Place&);
};
// dpdaction stands behind dpddelay, which it may overrule.
constexpr std::array handlers = {
    Handler{"ikelifetime", put_ike_lifetime},
    Handler{"salifetime", put_sa_lifetime},
    Handler{"rekey", put_rekey},
    Handler{"rekeymargin", put_rekey_margin},
    Handler{"dpddelay", put_dpd_delay},
    Handler{"dpdtimeout", put_dpd_timeout},
    Handler{"dpdaction", put_dpd_action},
    Handler{"keep-alive", put_keepalive},
    Handler{"forceencaps", put_force_encapsulation},
    Handler{"encapsulation", put_encapsulation},
    Handler{"aggrmode", put_aggressive},
    Handler{"ike", put_ike},
    Handler{"esp", put_esp},
    Handler{"virtual-private", put_client_networks},
    Handler{"left", put_left},
    Handler{"leftid", put_leftid},
    Handler{"myid", put_leftid},
    Handler{"leftnexthop", put_next_hop},
    Handler{"rightsubnet", put_right_subnet},
    Handler{"interfaces", put_interfaces},
    Handler{"plutodebug", put_debug},
};

void explain(const Place& place) {
  const Meaning* meaning = find_meaning(place.setting.key);
  // Its value is not shown: nobody knows what it is.
  if (meaning == nullptr)
    return place.notes.lost(place.setting.where, place.key() + ": not known here; left out");
  if (meaning->text.empty()) return;
  means_the_same(*meaning, place.setting.value) ? place.same(meaning->text) : place.lost(meaning->text);
}

// With our defaults for what the file leaves out.
void reconcile_dpd(const Connection& settings, GatewayDraft& draft, Notes& notes) {
  constexpr unsigned default_delay = 30, default_timeout = 900;
  const unsigned delay = draft.dpd_delay_seconds ? draft.dpd_delay_seconds->value : default_delay;
  const unsigned timeout = draft.dpd_timeout_seconds ? draft.dpd_timeout_seconds->value : default_timeout;
  if (delay == 0 || timeout > delay) return;
  const unsigned taken = std::min(5 * delay, timeout_bounds.most);
  const Setting* source =
      settings.find("dpdtimeout") ? settings.find("dpdtimeout") : settings.find("dpddelay");
  const std::string why =
      fmt::format("dpd_timeout_seconds has to be more than the delay, {}; set to {}", delay, taken);
  if (source != nullptr) notes.lost(source->where, source->shown + ": " + why);
  draft.dpd_timeout_seconds = {taken, "more than dpd_delay_seconds"};
}

void reconcile_rekey(const Connection& settings, GatewayDraft& draft, Notes& notes) {
  constexpr unsigned default_lifetime = 86400, default_margin = 300;
  if (!draft.rekey || !draft.rekey->value) return;
  const unsigned shortest =
      std::min(draft.lifetime_seconds ? draft.lifetime_seconds->value : default_lifetime,
               draft.sa_lifetime_seconds ? draft.sa_lifetime_seconds->value : default_lifetime);
  const unsigned margin = draft.rekey_margin_seconds ? draft.rekey_margin_seconds->value : default_margin;
  if (margin <= shortest / 2) return;
  draft.rekey_margin_seconds = {shortest / 2, "half of the shorter lifetime"};
  const Setting* source =
      settings.find("rekeymargin") ? settings.find("rekeymargin") : settings.find("rekey");
  if (source != nullptr)
    notes.lost(source->where,
               fmt::format("{}: rekey_margin_seconds is at most half of the shorter lifetime; set to {}",
                           source->shown, shortest / 2));
}

}  // namespace

void translate_settings(const Connection& settings, GatewayDraft& draft, Notes& notes) {
  const auto place_of = [&](const Setting& setting) { return Place{setting, settings, draft, notes}; };
  for (const Handler& handler : handlers)
    if (const Setting* setting = settings.find(handler.key)) handler.put(place_of(*setting));
  for (const auto& [key, setting] : settings.settings)
    if (std::ranges::find(handlers, key, &Handler::key) == handlers.end()) explain(place_of(setting));
}

bool is_known(std::string_view key) {
  return std::ranges::find(handlers, key, &Handler::key) != handlers.end() || find_meaning(key) != nullptr;
}

void reconcile(const Connection& settings, GatewayDraft& draft, Notes& notes) {
  reconcile_dpd(settings, draft, notes);
  reconcile_rekey(settings, draft, notes);
}

}  // namespace espgate::openswan
