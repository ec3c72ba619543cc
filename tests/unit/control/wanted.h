// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"

#include <string>

namespace espgate::control::test {

// A static peer in `slot` with keys of its own. Peers differ by slot only.
[[nodiscard]] config::StaticPeer static_peer(std::uint32_t slot, std::string_view suite = "aes256-sha256");
// Another key for what it receives.
void change_outbound_key(config::StaticPeer& peer);
// What a gateway at 10.20.0.10 with the pool 10.40.0.0/16 has.
[[nodiscard]] config::Config gateway_config();

}  // namespace espgate::control::test
