// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/ike/proposal.h"
#include "crypto/diffie_hellman.h"
#include "crypto/secret.h"
#include "wire/ip_address.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace espgate::client::ike {

// What the operator has decided, the same for all clients of a process. Does not change while a core runs.
struct Settings {
  wire::IpAddress server;
  crypto::SecretBytes psk;
  std::vector<IkeProposal> ike_proposals = usual_ike_proposals();
  std::vector<EspProposal> esp_proposals = usual_esp_proposals();  // all with one group, or none with any
  std::uint32_t ike_lifetime_seconds = 28800;
  std::uint32_t esp_lifetime_seconds = 3600;
  std::chrono::seconds rekey{0};           // of ESP SAs by us; 0: when nine tenths of their lifetime are over
  std::chrono::seconds reauthenticate{0};  // phase 1 by us; 0: as above
};

// What the core asks of its surroundings.
struct Environment {
  std::function<void(std::span<std::byte>)> random;
  // A key pair for one exchange; in load tests one may stand for all.
  std::function<std::shared_ptr<const crypto::DhKeyPair>(crypto::DhGroup)> key_pair;
};

}  // namespace espgate::client::ike
