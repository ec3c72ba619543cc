// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "dataplane/packet.h"
#include "dataplane/worker_events.h"

#include <span>

namespace espgate::dataplane {

struct PeerTrackContext {
  std::span<channel::SaProgress> progress;  // index: slot; empty: nobody asks how far an SA has counted
  WorkerEvents* events;
};

// Where a peer is, and how far its SAs have counted. The peer's address and port follow an authenticated
// packet from elsewhere if it advanced the window of the newest of the peer's SAs that has carried traffic;
// then all its outbound SAs send there. Stores the inbound highest, packets and bytes before the packet goes
// on. In: behind esp_verify, for the burst that it has just committed. Packets of observed SAs and of outer
// IPv6 pass untouched.
void peer_track(Burst& burst, const PeerTrackContext& context);

}  // namespace espgate::dataplane
