// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/private_side.h"
#include "dataplane/route_table.h"
#include "dataplane/session_table.h"

namespace espgate::dataplane {

struct ForwardContext {
  const RouteTable& routes;
  const SessionTable* clients;
  bool client_to_client;              // whether clients may talk to each other
  const PrivateSide* side = nullptr;  // nullptr: any route may be taken
};

// One hop for what comes from clients (RFC 1812 §5.2): TTL, route, next_hop. Packets for other clients are
// punted (to_client), or dropped. In: behind ip_local.
void ip_forward(Burst& burst, const ForwardContext& context);

}  // namespace espgate::dataplane
