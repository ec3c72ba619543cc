// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/endpoint.h"
#include "client/error.h"
#include "client/tunnel.h"
#include "config/config.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace espgate::client {

// All that a client needs to know of itself, as the end of a static peer.
struct PeerParameters {
  SaParameters outbound;
  SaParameters inbound;
  std::uint32_t replay_window = 0;  // packets
  SessionParameters session;
  std::uint32_t inner_address = 0;  // host order
  std::uint16_t mru = 0;            // largest inner packet that it is sent, in bytes
};

// The static peer called `name`. Error: there is none, with the name that comes nearest.
[[nodiscard]] Expected<const config::StaticPeer*> find_peer(const config::Config& config,
                                                            std::string_view name);

// The client's view of a peer that the configuration describes from the gateway's: what is inbound there is
// outbound here.
[[nodiscard]] PeerParameters mirror(const config::StaticPeer& peer);

// Where the gateway listens: its public address where it has one, else that of its outside port, port 4500.
[[nodiscard]] Endpoint gateway_of(const config::Config& config);

}  // namespace espgate::client
