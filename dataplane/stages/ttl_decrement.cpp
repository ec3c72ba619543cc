// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/ttl_decrement.h"

#include "wire/ipv4.h"

namespace espgate::dataplane {

void ttl_decrement(Burst& burst) {
  for (const Packet& packet : burst.live()) {
    if (packet.data[offsetof(wire::Ipv4Header, ttl)] <= std::byte{1}) {
      burst.drop(packet, DropReason::ttl_exceeded);
      continue;
    }
    wire::decrement_ttl(packet.data);
  }
}

}  // namespace espgate::dataplane
