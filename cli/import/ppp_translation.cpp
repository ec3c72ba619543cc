// SPDX-License-Identifier: Apache-2.0
// Where the options of pppd go.
#include "cli/import/ppp_meanings.h"
#include "cli/import/ppp_options.h"
#include "cli/import/told_setting.h"
#include "config/printable.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

// Of our settings (docs/configuration.md).
constexpr unsigned most_interval = 3600, most_failures = 100;
constexpr unsigned most_idle = 7 * 86400, most_session = 52 * most_idle;  // seconds
constexpr std::size_t most_servers = 2;

struct Place : ToldSetting {
  const PppOption& option;
  OldDialIn& old;
  GatewayDraft::DialIn& ours;

  [[nodiscard]] const std::string& argument() const { return option.arguments.front(); }
};

std::optional<unsigned> number_value(const Place& place) {
  const std::string& text = place.argument();
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  place.lost("expected a number; left out");
  return std::nullopt;
}

void put_number(const Place& place, MaybeGiven<unsigned>& into, unsigned least, unsigned most,
                std::string_view our_key) {
  const auto wanted = number_value(place);
  if (!wanted) return;
  const unsigned taken = std::clamp(*wanted, least, most);
  if (taken != *wanted) place.lost(fmt::format("{} is {} to {}; set to {}", our_key, least, most, taken));
  into = {taken, place.origin()};
}

void put_mtu(const Place& place) {
  if (const auto bytes = number_value(place)) place.old.mtu = {*bytes, place.origin()};
}
void put_mru(const Place& place) {
  if (const auto bytes = number_value(place)) place.old.mru = {*bytes, place.origin()};
}
void put_echo_interval(const Place& place) {
  put_number(place, place.ours.echo_interval_seconds, 0, most_interval, "ppp.echo_interval_seconds");
}
void put_echo_failures(const Place& place) {
  if (place.argument() == "0")
    return place.lost(
        "pppd then never gave a client up; here it counts as asleep after ppp.echo_failures, and its session "
        "ends after ppp.dead_after_seconds");
  put_number(place, place.ours.echo_failures, 1, most_failures, "ppp.echo_failures");
}
void put_idle(const Place& place) {
  put_number(place, place.ours.idle_limit_seconds, 0, most_idle, "users.idle_limit_seconds");
}
void put_session_limit(const Place& place) {
  put_number(place, place.ours.session_limit_seconds, 0, most_session, "users.session_limit_seconds");
}

void put_server(const Place& place, std::vector<Given<std::string>>& into) {
  const auto address = wire::IpAddress::from_string(place.argument());
  const std::uint32_t first_byte = address && address->is_v4() ? address->as_v4() >> 24 : 0;
  if (first_byte == 0 || first_byte == 127 || first_byte >= 224)
    return place.lost("clients are told IPv4 addresses of hosts; left out");
  if (into.size() == most_servers) return place.lost("clients can be told two such servers; left out");
  into.push_back({address->to_string(), place.origin()});
}
void put_dns(const Place& place) { put_server(place, place.ours.dns); }
void put_wins(const Place& place) { put_server(place, place.ours.nbns); }

void put_name(const Place& place) { name_server(place, place.argument(), place.ours); }

void put_required(const Place& place) {
  const std::string& name = place.option.name;
  require_auth(place.old,
               name == "require-pap"    ? "pap"
               : name == "require-chap" ? "chap-md5"
                                        : "mschapv2",
               place.origin());
}

// pppd means itself as a client; whoever writes it into a gateway's file means his users.
void put_refused(const Place& place) {
  const std::string& name = place.option.name;
  place.old.refused.insert(name == "refuse-pap" ? "pap" : name == "refuse-chap" ? "chap-md5" : "mschapv2");
}

void put_plugin(const Place& place) {
  const std::string& name = place.argument();
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("pppol2tp") || has("openl2tp")) return place.same("L2TP and PPP are one here");
  if (has("radattr")) return place.lost("what a RADIUS server says is not written to files");
  if (has("radius")) {
    place.ours.radius = place.origin();
    return place.lost(
        "RADIUS servers know the users (users.source): fill in the addresses and secrets of "
        "[[radius.server]], "
        "which stand in radiusclient.conf and the file that it calls servers");
  }
  if (has("winbind"))
    return place.lost("Windows domains are not asked for passwords; users.file needs a line for each user");
  place.lost("plugins of pppd have no place here");
}

// The gateway's address may stand here, too.
void put_addresses(const Place& place) {
  const std::string local = place.argument().substr(0, place.argument().find(':'));
  const auto address = wire::IpAddress::from_string(local);
  if (!address || !address->is_v4()) return place.lost("addresses of clients come from the pool; left out");
  if (place.old.local_ip && place.old.local_ip->value != address->as_v4())
    return place.lost(
        fmt::format("the gateway's address is that of {}; left out", place.old.local_ip->origin));
  place.old.local_ip = {address->as_v4(), place.origin()};
  place.old.local_ip_where = place.where;
}

struct Handler {
  std::string_view name;
  void (*put)(const Place&);
};
constexpr std::array handlers = {
    Handler{"mtu", put_mtu},
    Handler{"mru", put_mru},
    Handler{"lcp-echo-interval", put_echo_interval},
    Handler{"lcp-echo-failure", put_echo_failures},
    Handler{"idle", put_idle},
    Handler{"maxconnect", put_session_limit},
    Handler{"ms-dns", put_dns},
    Handler{"ms-wins", put_wins},
    Handler{"name", put_name},
    Handler{"require-mschap-v2", put_required},
    Handler{"require-chap", put_required},
    Handler{"require-pap", put_required},
    Handler{"refuse-mschap-v2", put_refused},
    Handler{"refuse-chap", put_refused},
    Handler{"refuse-pap", put_refused},
    Handler{"plugin", put_plugin},
    Handler{"local:remote", put_addresses},
};

}  // namespace

void translate_ppp_options(const std::vector<PppOption>& options, OldDialIn& old, GatewayDraft& draft,
                           Notes& notes) {
  for (const PppOption& option : options) {
    const Place place{{option.shown, option.where, notes}, option, old, *draft.dial_in};
    const auto handler = std::ranges::find(handlers, option.name, &Handler::name);
    if (handler != handlers.end()) {
      handler->put(place);
      continue;
    }
    const PppMeaning& meaning = *find_ppp_meaning(option.name);
    meaning.kind == PppMeaning::Kind::same ? place.same(meaning.text) : place.lost(meaning.text);
  }
}

}  // namespace espgate::openswan
