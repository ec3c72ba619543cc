// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/location.h"
#include "crypto/secret.h"
#include "wire/ipv4_prefix.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace espgate::config {

// [l2tp]: the tunnels of clients (RFC 2661).
struct L2tp {
  crypto::SecretBytes secret;      // of tunnel authentication (§5.1.1); empty: none
  bool require_challenge = false;  // a client has to prove that it knows the secret
  std::string host_name = "espgate";
  unsigned hello_seconds = 60;  // of silence before we ask; 0: never
  bool sequencing = false;      // whether we ask for sequence numbers on data messages
  Location where;
};

// How a client may prove who it is; ours, as the protocols' cores are no part of this library.
enum class AuthMethod : std::uint8_t { mschapv2, chap_md5, pap };

// [ppp]: what is agreed with clients inside the tunnels.
struct Ppp {
  std::vector<AuthMethod> auth = {AuthMethod::mschapv2};  // the one to ask for first in front; never empty
  std::uint16_t mru = 1400;                               // bytes of an inner packet
  std::optional<std::uint32_t> gateway_address;           // ours inside; ask Config::gateway_address()
  std::vector<std::uint32_t> dns;                         // at most 2
  std::vector<std::uint32_t> nbns;                        // at most 2; WINS
  std::string domain;                                     // empty: none is told
  std::vector<wire::Ipv4Prefix> routes;                   // told by DHCP (RFC 3442); at most 64
  unsigned echo_interval_seconds = 30;                    // of silence before LCP asks; 0: never
  unsigned echo_failures = 4;                             // unanswered, until the client counts as dormant
  unsigned dead_after_seconds = 900;  // of silence until a session ends; telephones sleep. 0: never
  Location where;
};

// What happens when a user comes who is there already.
enum class Sessions : std::uint8_t {
  several,  // both stay
  one,      // the new session is refused
  replace,  // the old session ends
};

// Who knows the users and their passwords.
enum class UserSource : std::uint8_t {
  file,    // users.file
  radius,  // the servers of [radius]
};

// On which terms users are here; [users] has those of everybody, a [[group]] may have others.
struct UserTerms {
  Sessions sessions = Sessions::replace;
  unsigned session_limit_seconds = 0;  // 0: none
  unsigned idle_limit_seconds = 0;     // without a packet of the client's; 0: none
  // Of inner packets, in 1000 bits a second; 0: none.
  unsigned rate_from_client_kbit = 0;
  unsigned rate_to_client_kbit = 0;
};

// [users]: who may come.
struct Users : UserTerms {
  bool enabled = false;  // whether there is [users]; without it L2TP is refused
  UserSource source = UserSource::file;
  std::filesystem::path file;  // in the format of pppd's chap-secrets; from the root, or from where we run
  std::string server;          // the lines that count have this in their second column, or *; empty: any
  Location where;
};

// [[group]]: users with terms or a pool of their own.
struct Group {
  std::string name;
  std::vector<std::string> users;
  std::string pool;  // of a [[pool]]; empty: as for everybody
  UserTerms terms;   // those of [users] where the group says nothing
  Location where;
};

// Addresses from first to last, both included, host order.
struct AddressRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  [[nodiscard]] constexpr bool contains(std::uint32_t address) const {
    return address >= first && address <= last;
  }
  [[nodiscard]] constexpr std::uint64_t size() const { return std::uint64_t{last} - first + 1; }
  // "10.40.0.10-10.40.0.19"
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

// [[pool]]: a part of clients.pool for some users or groups; one that names neither is for all others.
struct Pool {
  std::string name;
  AddressRange range;
  std::vector<AddressRange> excluded;
  std::vector<std::string> users;
  Location where;
};

}  // namespace espgate::config
