// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/state/sequence_table.h"

#include <set>
#include <string>
#include <vector>

namespace espgate::control {

// What one control process leaves to the next in its state segment. No keys yet: those of static peers are in
// the configuration.
struct PeerState {
  std::string name;
  std::uint32_t peer_id = 0;
  std::uint16_t remote_port = 0;  // where it was last heard
  channel::Address remote{};

  friend bool operator==(const PeerState&, const PeerState&) = default;
};
struct GatewayState {
  SequenceTable sequences;
  bool sequences_complete = false;  // false: the file could not be read, so SAs may be missing that have sent
  std::vector<PeerState> peers;
  std::set<Fingerprint> pushed;  // of everything that the data plane was given

  friend bool operator==(const GatewayState&, const GatewayState&) = default;
};

[[nodiscard]] std::vector<std::byte> format_gateway_state(const GatewayState& state);
// Error: another version, or not what format_gateway_state() writes.
[[nodiscard]] Expected<GatewayState> parse_gateway_state(std::span<const std::byte> blob);

}  // namespace espgate::control
