// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/path.h"
#include "control/ike/refusal.h"
#include "crypto/diffie_hellman.h"
#include "crypto/secret.h"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace espgate::control::ike {

struct SendDatagram {
  Path path;
  std::vector<std::byte> bytes;  // an IKE message without marker, or one 0xff as a NAT keepalive
};

// To be computed elsewhere, so that the event loop never waits: makes a key pair where there is none, and the
// shared secret where there is a peer's value. The answer comes by Negotiator::on_diffie_hellman().
struct ComputeDiffieHellman {
  std::uint64_t job = 0;
  crypto::DhGroup group = crypto::DhGroup::modp2048;
  std::shared_ptr<crypto::DhKeyPair> key_pair;  // null: make one
  std::vector<std::byte> peer_public;           // empty: only make the pair
};
struct DiffieHellmanResult {
  std::uint64_t job = 0;
  std::shared_ptr<crypto::DhKeyPair> key_pair;
  crypto::SecretBytes shared;
  std::string error;  // not empty: what is wrong with the peer's value
};

// To the data plane; what is in a pair, Negotiator::find_peer() tells. Answered by on_installed().
struct InstallPair {
  std::uint32_t peer_id = 0, slot = 0;
};
struct RemovePair {
  std::uint32_t peer_id = 0, slot = 0, spi_in = 0, spi_out = 0;
  bool outbound_only = false;
};
struct RemovePeer {
  std::uint32_t peer_id = 0;
};
// From now on the peer's sessions send on this pair.
struct UseOutbound {
  std::uint32_t peer_id = 0, slot = 0;
};

enum class Level : std::uint8_t { debug, info, warning };
struct Report {
  Level level = Level::info;
  Endpoint remote;
  std::uint32_t peer_id = 0;  // 0: none yet
  std::string text;
};

// Only when keys are to be saved, in labs: one line of Wireshark's tables.
struct SaveKey {
  enum class Table : std::uint8_t { ikev1_decryption_table, esp_sa };
  Table table = Table::ikev1_decryption_table;
  std::string line;
};

using Action = std::variant<SendDatagram, ComputeDiffieHellman, InstallPair, RemovePair, RemovePeer,
                            UseOutbound, Report, SaveKey>;

}  // namespace espgate::control::ike
