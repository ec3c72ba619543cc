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

  std::vector<std::string> made_from;  // for people: "ipsec.conf, conn L2TP-PSK"
  Surroundings surroundings;
  std::string own_address;    // left=; for the place of outside.address
  std::string own_interface;  // interfaces=
  std::string next_hop;       // leftnexthop=
  MaybeGiven<std::string> public_address;
  MaybeGiven<std::string> identity;
  MaybeGiven<std::string> log_level;
  std::vector<Given<std::string>> legacy, legacy_esp;
  std::vector<Given<std::string>> client_networks;
  MaybeGiven<bool> force_encapsulation, rekey;
  MaybeGiven<unsigned> lifetime_seconds, sa_lifetime_seconds, rekey_margin_seconds;
  MaybeGiven<unsigned> dpd_delay_seconds, dpd_timeout_seconds, keepalive_seconds;
  std::vector<Psk> psks;
};

// A draft as TOML.
struct DraftText {
  crypto::SecretBytes text;       // with the keys in it
  crypto::SecretBytes covered;    // the same with "…" in their place
  std::vector<unsigned> missing;  // lines with a place to fill in
};
[[nodiscard]] DraftText to_toml(const GatewayDraft& draft);

}  // namespace espgate::openswan
