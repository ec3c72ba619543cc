// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/peer.h"
#include "control/state/encoding.h"

#include <memory>
#include <span>

namespace espgate::control::ike {

// A peer for the next control process, with its keys: IKE SAs that are authenticated, stored answers, SA
// pairs. What is in the middle of a computation is left out, and with it the message id of its exchange, so
// that the client's next copy of the message begins it anew.
[[nodiscard]] SecretEncoder encode_peer(const Peer& peer);
// Null: of another version, or damaged.
[[nodiscard]] std::unique_ptr<Peer> decode_peer(std::span<const std::byte> record);

}  // namespace espgate::control::ike
