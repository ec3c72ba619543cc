// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/owner_check.h"

#include "dataplane/sa.h"

namespace espgate::dataplane {

void owner_check_inbound(Burst& burst, std::uint8_t self) {
  for (const Packet& packet : burst.live())
    if (packet.inbound_sa->owner != self) burst.punt(packet, Punt::handover);
}

void owner_check_outbound(Burst& burst, std::uint8_t self) {
  for (const Packet& packet : burst.live())
    if (packet.outbound_sa->owner != self) burst.punt(packet, Punt::handover);
}

}  // namespace espgate::dataplane
