// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/state/digest.h"
#include "crypto/secret.h"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control {

// How far the data plane has something that we want it to have.
enum class Installed : std::uint8_t {
  no,
  pending,  // a command is on its way
  yes,
};

// One SA as the data plane is to have it. In secret memory for its keys.
struct WantedSa : crypto::SecretObject {
  channel::SaAdd add{};  // sequence numbers are filled in when it is sent
  bool aead = false;
  bool static_key = false;  // outlives restarts: its numbers come from Sequences
  Installed installed = Installed::no;
  Fingerprint identity{};  // for Sequences
  Fingerprint contents{};  // of all that the data plane is told, but for the numbers
  // The last that was heard of it, outbound the next number to send, inbound the highest; none: never
  // installed.
  std::optional<std::uint64_t> live;
  std::uint64_t last_pushed = 0;  // outbound: as far as the data plane may count; 0: not told by this process
  std::uint64_t last_tick = 0;    // `live` a second ago
  bool warned = false;            // that its numbers run out
};

struct WantedSession {
  channel::SessionUpdate update{};
  Installed installed = Installed::no;
  bool awaited = false;  // of a dialled peer: nobody was told yet what became of it
  Fingerprint contents{};
};

// A client as the data plane is to have it: where it is, its SAs and its sessions.
struct Peer {
  std::string name;              // for people, unique
  channel::PeerUpdate update{};  // peer_id 0: none yet; the data plane's NAT_MAPPING moves the address
  Installed installed = Installed::no;
  Fingerprint contents{};  // of the address that is configured
  std::vector<std::unique_ptr<WantedSa>> sas;
  std::list<WantedSession> sessions;   // a command on its way points at one
  bool dialled = false;                // by IKE; else of the configuration
  std::vector<std::uint32_t> awaited;  // slots of dialled pairs about which nobody was told yet
  std::string problem;                 // why something of it is not installed
  unsigned retry_in_seconds = 0;       // after an error

  [[nodiscard]] std::uint32_t id() const { return update.peer_id; }
  // Also to its SAs and sessions.
  void set_id(std::uint32_t id) {
    update.peer_id = id;
    for (auto& sa : sas) sa->add.peer_id = id;
    for (WantedSession& session : sessions) session.update.peer_id = id;
  }
  [[nodiscard]] bool is_installed() const {
    bool all = installed == Installed::yes;
    for (const auto& sa : sas) all = all && sa->installed == Installed::yes;
    for (const WantedSession& session : sessions) all = all && session.installed == Installed::yes;
    return all;
  }
};

}  // namespace espgate::control
