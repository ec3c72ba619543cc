// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/reassembler.h"
#include "dataplane/sa_table.h"

namespace espgate::dataplane {

struct ClassifyContext {
  const SaTable* sas;
  Reassembler* reassembler;  // nullptr: fragments are dropped
  // Datagrams that *come* from 500 and 4500 are taken too: a capture shows both directions, a gateway sees
  // one.
  bool both_directions;
  std::uint32_t own_address = 0;  // what is for another IPv4 address is dropped; 0: any is taken
};

// Sorts what comes from outside: ESP in UDP (RFC 3948 §2.2) and plain ESP stay live with `data` at the ESP
// header; IKE, keepalives, ARP and ICMP are punted; clear L2TP and the rest are dropped. Outer fragments are
// put together on the way. In: `data` at the network header, ether_type set.
void classify(Burst& burst, const ClassifyContext& context);

}  // namespace espgate::dataplane
