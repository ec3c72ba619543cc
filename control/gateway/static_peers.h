// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "control/gateway/peer.h"

namespace espgate::control {

// What [[static_peer]] asks for. `config` has been checked.
[[nodiscard]] std::unique_ptr<Peer> make_static_peer(const config::Config& config,
                                                     const config::StaticPeer& peer);

}  // namespace espgate::control
