// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// Checks the inner IP header against what is there, cuts what lies behind the packet, and lets a session send
// only from the address it was given. Checksums are left to ip_forward and to the hosts.
void ip_input(Burst& burst);

}  // namespace espgate::dataplane
