// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/next_hop_table.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// Room that it needs before the packet. Outbound packets have it still when they had outbound_headroom at
// first.
inline constexpr std::uint16_t link_headroom = 14;

// Puts the Ethernet header of `next_hop` before an IPv4 packet. Where the link address is not known the
// packet is punted (unresolved) as it is.
void link_push(Burst& burst, const NextHopTable& hops);

}  // namespace espgate::dataplane
