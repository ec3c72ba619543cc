// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/next_hop_table.h"
#include "dataplane/packet.h"
#include "dataplane/route_table.h"

namespace espgate::dataplane {

struct OuterRouteContext {
  const RouteTable& routes;
  const NextHopTable& hops;
};

// The next hop of each outer packet, remembered in the SA until a route changes. In: behind outer_push,
// `data` at the outer IPv4 header, built without Ethernet.
void outer_route(Burst& burst, const OuterRouteContext& context);

}  // namespace espgate::dataplane
