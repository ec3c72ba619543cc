// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/gateway/peer.h"
#include "control/state/sequences.h"

namespace espgate::control {

// Fills in the fingerprints of a peer and everything it has, its id included: the next control process tells
// by them whether the data plane has what the configuration asks for then. Before the peer has moved
// anywhere.
void set_contents(Peer& peer, const Sequences& sequences);

}  // namespace espgate::control
