// SPDX-License-Identifier: Apache-2.0
// Where the settings of xl2tpd.conf go.
#include "cli/import/meanings.h"
#include "cli/import/told_setting.h"
#include "cli/import/values.h"
#include "cli/import/xl2tpd_conf.h"
#include "config/printable.h"
#include "wire/ip_address.h"
#include "wire/ipv4_prefix.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

constexpr std::string_view no = "no false 0 off";
constexpr std::string_view yes = "yes true 1 on";
constexpr std::string_view own_packets = "the data plane is our own; there is no such thing to set";
constexpr std::string_view by_log = "runtime.log_level, or espgate log, says how much is logged";
constexpr std::string_view no_speed = "it only told clients a number; the speed is not limited";
constexpr std::string_view for_lac = "only a client has such a thing";

// What has no counterpart here. Keys that are carried over are in handlers.
constexpr std::array meanings = {
    Meaning{"port", "1701", "L2TP is at UDP 1701, inside IPsec"},
    Meaning{"saref refinfo", "*", own_packets},
    Meaning{"ipsec saref", "*", "sessions are found by their SA; clients behind one NAT never collide"},
    Meaning{"rand source", "*", "randomness is the system's"},
    Meaning{"auth file", "*", "tunnels have no secret unless l2tp.secret is set"},
    Meaning{"exclusive", no, "a client may have several tunnels; users.sessions says how often a user comes"},
    Meaning{"access control", no, "who may dial is said by IPsec: from of [[ike.psk]] has networks"},
    Meaning{"force userspace", "*", own_packets},
    Meaning{"debug avp", no, by_log},
    Meaning{"debug network", no, by_log},
    Meaning{"debug packet", no, by_log},
    Meaning{"debug state", no, by_log},
    Meaning{"debug tunnel", no, by_log},
    Meaning{"ppp debug", no, by_log},
    Meaning{"assign ip", yes, "addresses come from the pool always, or from the user's own line"},
    Meaning{"local ip range", "", "the gateway has one inner address for all, ppp.gateway_address"},
    Meaning{"remote ip", "", for_lac},
    Meaning{"defaultroute", "", for_lac},
    Meaning{"redial", "", for_lac},
    Meaning{"redial timeout", "", for_lac},
    Meaning{"max redials", "", for_lac},
    Meaning{"autodial", "", for_lac},
    Meaning{"lns", "", for_lac},
    Meaning{"length bit", "*", "a length is taken whether it is there or not"},
    Meaning{"hidden bit", no, "hidden AVPs are read where l2tp.secret is set; none are sent hidden"},
    Meaning{"unix authentication", no,
            "users stand in users.file; passwords of the system's own users are not asked for"},
    Meaning{"pass peer", "*", own_packets},
    Meaning{"call rws", "*", "windows are our own"},
    Meaning{"tunnel rws", "*", "windows are our own"},
    Meaning{"flow bit", "*",
            "sequence numbers are sent where the client asks for them; l2tp.sequencing asks"},
    Meaning{"tx bps", "*", no_speed},
    Meaning{"rx bps", "*", no_speed},
    Meaning{"bps", "*", no_speed},
    Meaning{"max retries", "*", "control messages are sent again for as long as RFC 2661 says"},
};

struct Place : ToldSetting {
  const Setting& setting;
  OldDialIn& old;
  GatewayDraft& draft;
};

bool is_host(std::uint32_t address) {
  const std::uint32_t first_byte = address >> 24;
  return first_byte != 0 && first_byte != 127 && first_byte < 224;
}

std::optional<std::uint32_t> host_address(std::string_view text) {
  const auto address = wire::IpAddress::from_string(text);
  if (!address || !address->is_v4() || !is_host(address->as_v4())) return std::nullopt;
  return address->as_v4();
}

void put_range(const Place& place) {
  const auto range = range_value(place.setting.value);
  if (!range || !is_host(range->first) || !is_host(range->last))
    return place.lost("expected addresses like 10.40.0.10-10.40.0.99; left out");
  if (place.setting.key == "no ip range") return place.old.ranges.remove(*range);
  place.old.ranges.add(*range);
  place.old.range_origins.push_back(place.origin());
  if (!place.old.range_where) place.old.range_where = place.where;
}

void put_local_ip(const Place& place) {
  const auto address = host_address(place.setting.value);
  if (!address) return place.lost("expected the address of a host; left out");
  place.old.local_ip = {*address, place.origin()};
  place.old.local_ip_where = place.where;
}

void put_chap(const Place& place) {
  if (flag_value(place.setting.value) == true) require_auth(place.old, "chap-md5", place.origin());
}
void put_pap(const Place& place) {
  if (flag_value(place.setting.value) == true) require_auth(place.old, "pap", place.origin());
}
void put_refused(const Place& place) {
  if (flag_value(place.setting.value) == true)
    place.old.refused.insert(place.setting.key == "refuse pap" ? "pap" : "chap-md5");
}
void put_authentication(const Place& place) {
  if (flag_value(place.setting.value) == true) return place.same("every user has to prove who he is, always");
  place.lost("nobody comes in without a password here; give each user a line in users.file");
}
void put_refuse_authentication(const Place& place) { place.same("the gateway never logs in to a client"); }

void put_name(const Place& place) { name_server(place, place.setting.value, *place.draft.dial_in); }

void put_host_name(const Place& place) {
  constexpr std::size_t longest = 255;
  const std::string& name = place.setting.value;
  const bool fits = !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
  if (!fits) return place.lost("l2tp.host_name has letters, digits, dots and hyphens; left out");
  place.draft.dial_in->host_name = {name, place.origin()};
}

void put_options_file(const Place& place) {
  place.old.ppp_options = {place.setting.value, place.origin()};
  place.old.ppp_options_where = place.where;
}

void put_listen_address(const Place& place) {
  const auto address = host_address(place.setting.value);
  if (!address) return place.same("the gateway listens on the address of [outside]");
  const std::string& given = place.draft.surroundings.outside_address;
  const auto outside = wire::Ipv4Prefix::from_string(given);
  if (!given.empty() && outside && outside->address != *address)
    return place.lost("outside.address is " + given);
  if (place.draft.own_address.empty()) place.draft.own_address = wire::IpAddress::v4(*address).to_string();
  place.same("goes into outside.address");
}

void put_lac(const Place& place) {
  const auto range = range_value(place.setting.value);
  const bool everybody = range && range->first == 0 && range->last == ~std::uint32_t{0};
  if (everybody && place.setting.key == "lac") return place.same("clients may come from anywhere");
  place.lost("L2TP does not ask where a client is; from of [[ike.psk]] ties a key to networks");
}

void put_challenge(const Place& place) {
  if (flag_value(place.setting.value) != true)
    return place.same("clients need not know a secret of the tunnel's");
  place.lost(
      "left out, as clients of telephones and Windows know no secret of the tunnel's; if yours do, set "
      "l2tp.secret and l2tp.require_challenge");
}

struct Handler {
  std::string_view key;
  void (*put)(const Place&);
};
constexpr std::array handlers = {
    Handler{"ip range", put_range},
    Handler{"no ip range", put_range},
    Handler{"local ip", put_local_ip},
    Handler{"require chap", put_chap},
    Handler{"require pap", put_pap},
    Handler{"refuse chap", put_refused},
    Handler{"refuse pap", put_refused},
    Handler{"require authentication", put_authentication},
    Handler{"refuse authentication", put_refuse_authentication},
    Handler{"name", put_name},
    Handler{"hostname", put_host_name},
    Handler{"pppoptfile", put_options_file},
    Handler{"listen-addr", put_listen_address},
    Handler{"lac", put_lac},
    Handler{"no lac", put_lac},
    Handler{"challenge", put_challenge},
};

void translate(const Setting& setting, OldDialIn& old, GatewayDraft& draft, Notes& notes) {
  const auto handler = std::ranges::find(handlers, setting.key, &Handler::key);
  if (handler != handlers.end())
    return handler->put({{setting.shown, setting.where, notes}, setting, old, draft});
  const auto meaning = std::ranges::find(meanings, setting.key, &Meaning::key);
  // Its value is not shown: nobody knows what it is.
  if (meaning == meanings.end()) return notes.lost(setting.where, setting.key + ": not known here; left out");
  const ToldSetting told{setting.shown, setting.where, notes};
  means_the_same(*meaning, setting.value) ? told.same(meaning->text) : told.lost(meaning->text);
}

// [lns default], or else the first of others.
const Xl2tpdSection* lns_of(const std::vector<Xl2tpdSection>& sections) {
  const Xl2tpdSection* first = nullptr;
  for (const Xl2tpdSection& section : sections) {
    if (section.kind != Xl2tpdSection::Kind::lns) continue;
    if (list_value(section.name, ' ').size() == 2 && same_text(list_value(section.name, ' ')[1], "default"))
      return &section;
    if (first == nullptr) first = &section;
  }
  return first;
}

}  // namespace

tl::expected<void, std::string> translate_xl2tpd(const std::vector<Xl2tpdSection>& sections, OldDialIn& old,
                                                 GatewayDraft& draft, Notes& notes) {
  const Xl2tpdSection* const lns = lns_of(sections);
  if (lns == nullptr) return tl::unexpected(std::string("has no [lns default], so it is none of a gateway"));
  for (const Xl2tpdSection& section : sections) {
    const bool is_ours = section.kind == Xl2tpdSection::Kind::global ||
                         (section.kind == Xl2tpdSection::Kind::lns && same_text(section.name, lns->name));
    if (is_ours) {
      for (const Setting& setting : section.settings) translate(setting, old, draft, notes);
    } else {
      notes.lost(section.where,
                 fmt::format("[{}]: not carried over: {}", config::printable(section.name),
                             section.kind == Xl2tpdSection::Kind::lns
                                 ? "there is one gateway for all clients; [[pool]] has addresses for some"
                                 : "the gateway calls nobody"));
    }
  }
  return {};
}

}  // namespace espgate::openswan
