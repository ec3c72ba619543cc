// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/route_table.h"

namespace espgate::dataplane {

// The next hop of IPv4 packets of our own making (ICMP, fragments), where it is not known yet. In: `data` at
// the IP header.
void own_route(Burst& burst, const RouteTable& routes);

}  // namespace espgate::dataplane
