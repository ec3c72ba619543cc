// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// Asks for the cache lines that the other stages read of each packet: the headers and the ESP trailer.
void prefetch_packets(Burst& burst);

// Strips Ethernet and one VLAN tag; sets ether_type.
void link_pull(Burst& burst);

}  // namespace espgate::dataplane
