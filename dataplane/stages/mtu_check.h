// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/next_hop_table.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// IPv4 packets that exceed the session's inner limit are dropped (too_big) where DF forbids to fragment them,
// else punted (fragment). In: behind session_lookup, `length` that of the IP packet.
void mtu_check_to_client(Burst& burst);

// The same against the MTU of the port of `next_hop`. In: behind ip_forward.
void mtu_check_to_link(Burst& burst, const NextHopTable& hops);

}  // namespace espgate::dataplane
