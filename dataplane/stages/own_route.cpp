// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/own_route.h"

#include "wire/ipv4.h"

namespace espgate::dataplane {

void own_route(Burst& burst, const RouteTable& routes) {
  for (Packet& packet : burst.live()) {
    if (packet.next_hop != no_next_hop) continue;
    const std::uint32_t destination = wire::load_header<wire::Ipv4Header>(packet.data).destination.host();
    routes.lookup({&destination, 1}, &packet.next_hop);
    if (packet.next_hop == no_next_hop) burst.drop(packet, DropReason::no_route);
  }
}

}  // namespace espgate::dataplane
