// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/own_addresses.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// Takes out what clients send to ourselves: echo requests (echo_request), the rest and limited broadcast
// (local). Multicast is dropped. In: behind ip_input, `data` at a checked IP header; IPv6 passes.
void ip_local(Burst& burst, const OwnAddresses& own);

// Punts one IPv4 packet for one of our own addresses, by what it is.
void punt_local(Burst& burst, const Packet& packet);

}  // namespace espgate::dataplane
