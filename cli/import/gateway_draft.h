// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::openswan {

// A value for our configuration, with the line that it comes from, "ikelifetime=8h (ipsec.conf:14)".
template <typename T>
struct Given {
  T value;
  std::string origin;
};
template <typename T>
using MaybeGiven = std::optional<Given<T>>;

// What no ipsec.conf says; empty: unknown, to be filled in by hand. All are as the configuration writes them.
struct Surroundings {
  std::string outside_interface, outside_address, outside_gateway;
  std::string inside_interface, inside_address;
  std::string pool;
};

// A configuration of ours on its way.
struct GatewayDraft {
  struct Psk {
    crypto::SecretBytes key;        // can stand in single quotes
    std::vector<std::string> from;  // networks; empty: any
    std::string origin;
  };

  // [[pool]], [l2tp], [ppp] and [users].
  struct DialIn {
    MaybeGiven<std::string> pool;       // clients.pool
    MaybeGiven<std::string> range;      // of the one [[pool]]
    std::vector<std::string> excluded;  // from it
    MaybeGiven<std::string> host_name;
    std::vector<Given<std::string>> auth, dns, nbns;
    MaybeGiven<unsigned> mru, echo_interval_seconds, echo_failures;
    MaybeGiven<std::string> gateway_address;
    std::string radius;      // the line that says that RADIUS servers know the users; empty: a file does
    std::string users_file;  // empty: unknown
    std::string users_file_origin;
    MaybeGiven<std::string> server;
    MaybeGiven<unsigned> idle_limit_seconds, session_limit_seconds;
    // What is to be written to the users' file; nothing: it is there already.
    crypto::SecretBytes users_text;
  };

  std::vector<std::string> made_from;  // for people: "ipsec.conf, conn L2TP-PSK"
  Surroundings surroundings;
  std::string own_address;    // left=; for the place of outside.address
  std::string own_interface;  // interfaces=
  std::string next_hop;       // leftnexthop=
  std::string inside_hint;    // xl2tpd's local ip, where it may be the inside port's
  MaybeGiven<std::string> public_address;
  MaybeGiven<std::string> identity;
  MaybeGiven<std::string> log_level;
  std::vector<Given<std::string>> legacy, legacy_esp;
  std::vector<Given<std::string>> client_networks;
  MaybeGiven<bool> force_encapsulation, rekey;
  MaybeGiven<unsigned> lifetime_seconds, sa_lifetime_seconds, rekey_margin_seconds;
  MaybeGiven<unsigned> dpd_delay_seconds, dpd_timeout_seconds, keepalive_seconds;
  std::vector<Psk> psks;
  // Files of xl2tpd, of pppd or of users were there. Without them the result has no [users].
  std::optional<DialIn> dial_in;
};

// A draft as TOML.
struct DraftText {
  crypto::SecretBytes text;       // with the keys in it
  crypto::SecretBytes covered;    // the same with "…" in their place
  std::vector<unsigned> missing;  // lines with a place to fill in
};
[[nodiscard]] DraftText to_toml(const GatewayDraft& draft);

}  // namespace espgate::openswan
