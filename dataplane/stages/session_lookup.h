// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/session_table.h"

namespace espgate::dataplane {

// Inner destination -> session and the SA it sends on. Packets whose session is not open, or that no client
// has asked for, are dropped.
void session_lookup(Burst& burst, const SessionTable& sessions);

}  // namespace espgate::dataplane
