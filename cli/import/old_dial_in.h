// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/address_ranges.h"
#include "cli/import/gateway_draft.h"
#include "cli/import/notes.h"
#include "cli/import/told_setting.h"
#include "config/location.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::openswan {

// What the files of xl2tpd and pppd say together, before it is made ours.
struct OldDialIn {
  bool has_xl2tpd = false, has_options = false, has_users = false;
  AddressRanges ranges;
  std::vector<std::string> range_origins;
  std::optional<config::Location> range_where;  // of the first
  MaybeGiven<std::uint32_t> local_ip;
  std::optional<config::Location> local_ip_where;
  std::vector<Given<std::string>> required;  // ways to authenticate, as ppp.auth calls them
  std::set<std::string, std::less<>> refused;
  MaybeGiven<unsigned> mtu, mru;
  MaybeGiven<std::string> ppp_options;  // pppoptfile
  std::optional<config::Location> ppp_options_where;
  std::map<std::uint32_t, std::string> fixed_addresses;  // and whose they are
  config::Location where;                                // of the file that began it
};

// Makes of it what a configuration of ours has: the pool, the gateway's inner address, the ways to
// authenticate, the size of packets. `draft.dial_in` is there and has what needed no such thought.
void finish_dial_in(const OldDialIn& old, GatewayDraft& draft, Notes& notes);

// The gateway's name in the users' file; the first of two that differ stays.
void name_server(const ToldSetting& setting, const std::string& name, GatewayDraft::DialIn& ours);

// A way to authenticate that pppd demands, "mschapv2", "chap-md5" or "pap".
void require_auth(OldDialIn& old, std::string_view way, const std::string& origin);

}  // namespace espgate::openswan
