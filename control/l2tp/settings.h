// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace espgate::control::l2tp {

// What the administrator has decided for all peers. Only `draining` changes while a core runs.
struct Settings {
  std::string host_name = "espgate";
  std::string vendor_name = "espgate";
  crypto::SecretBytes secret;      // of tunnel authentication and hidden AVPs (RFC 2661 §5.1.1); empty: none
  bool require_challenge = false;  // a peer has to prove that it knows the secret; needs one
  std::size_t most_tunnels = 8;    // of one peer
  std::size_t most_sessions = 8;   // of one peer, over all its tunnels
  std::chrono::seconds hello{60};  // of silence before we ask; 0: never
  // How long a peer that answers no HELLO keeps its tunnels: telephones sleep. 0: not at all.
  std::chrono::seconds dormant{900};
  std::chrono::seconds setup{30};        // for a session until its ICCN
  std::chrono::seconds idle_tunnel{60};  // without a session
  bool draining = false;                 // new tunnels and sessions are refused
};

}  // namespace espgate::control::l2tp
