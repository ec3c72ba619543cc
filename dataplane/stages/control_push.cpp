// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/control_push.h"

#include "dataplane/sa.h"
#include "dataplane/stages/ppp_l2tp_push.h"

#include <cstring>

namespace espgate::dataplane {
namespace {

OutboundTicket pull_ticket(Packet& packet) {
  OutboundTicket ticket;
  std::memcpy(&ticket, packet.data, sizeof ticket);
  packet.pull(sizeof ticket);
  packet.headroom = static_cast<std::uint16_t>(packet.headroom + sizeof ticket);
  return ticket;
}

}  // namespace

void control_push(Burst& burst, const OutboundTable& outbound) {
  for (Packet& packet : burst.live()) {
    OutboundSa* sa = outbound.find(pull_ticket(packet));
    packet.ether_type = 0;
    if (sa == nullptr) {
      burst.drop(packet, DropReason::control_no_sa);
      continue;
    }
    if (packet.headroom < outbound_headroom || packet.tailroom < outbound_tailroom) {
      burst.drop(packet, DropReason::no_headroom);
      continue;
    }
    sa->hot_key.prefetch_to_l2();
    packet.outbound_sa = sa;
  }
}

}  // namespace espgate::dataplane
