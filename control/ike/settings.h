// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/path.h"
#include "control/ike/phase1_proposal.h"
#include "crypto/secret.h"
#include "crypto/suite.h"
#include "wire/ipv4_prefix.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace espgate::control::ike {

struct Psk {
  crypto::SecretBytes key;
  std::vector<wire::Ipv4Prefix> from;  // the peer's address as we see it; empty: anywhere
  std::string where;                   // "gateway.toml:14:9", for people
};

// One line of Openswan's virtual_private.
struct NetworkRule {
  wire::Ipv4Prefix prefix;
  bool exclude = false;
};

// What the administrator has decided. Does not change while the core runs.
struct Settings {
  wire::IpAddress local;           // what our packets carry
  wire::IpAddress public_address;  // what clients dial: the Elastic IP, or `local`
  std::string identity;            // an FQDN; empty: public_address
  std::vector<Psk> psks;
  Phase1Policy phase1;
  std::vector<Phase1Suite> own_offer;  // as initiator; empty: what is good today
  bool aggressive_mode = false;
  std::vector<crypto::SuiteId> legacy_esp;
  std::vector<NetworkRule> allowed_client_networks;  // empty: any; else the last rule that fits decides
  bool force_encapsulation = true;
  std::chrono::seconds lifetime{86400};     // of IKE SAs, at most
  std::chrono::seconds sa_lifetime{86400};  // of ESP SAs, at most
  std::uint64_t sa_lifetime_kilobytes = 0;  // 0: no limit of ours
  bool rekey = false;                       // we begin anew before an SA ends
  std::chrono::seconds rekey_margin{300};
  std::chrono::seconds dpd_delay{30};
  std::chrono::seconds dpd_timeout{900};
  std::chrono::seconds keepalive{0};  // one byte to the client's NAT at that interval; 0: none
  std::chrono::seconds half_open{30};
  std::size_t most_half_open = 20000;
  std::size_t most_half_open_per_address = 32;
  std::size_t most_half_open_per_network = 256;  // a /24
  std::size_t most_waiting_for_dh = 1024;
  std::size_t fragment_bytes = 1280;
  std::uint32_t replay_window = 1024;  // packets
  std::uint8_t node = 1;               // of several gateways, 0 to 15: the first 4 bits of our SPIs

  // The keys that a peer there may have, the most specific first. Indices into psks.
  [[nodiscard]] std::vector<std::size_t> psks_for(const wire::IpAddress& peer) const;
  // Whether a client may have that address inside its own network.
  [[nodiscard]] bool allows_network(const wire::IpAddress& inner) const;
};

}  // namespace espgate::control::ike
