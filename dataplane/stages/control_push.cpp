// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/control_push.h"

#include "dataplane/sa.h"
#include "dataplane/session.h"
#include "dataplane/session_state.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "wire/big_endian.h"

#include <cstring>

namespace espgate::dataplane {
namespace {

ControlTicket pull_ticket(Packet& packet) {
  ControlTicket ticket;
  std::memcpy(&ticket, packet.data, sizeof ticket);
  packet.pull(sizeof ticket);
  packet.headroom = static_cast<std::uint16_t>(packet.headroom + sizeof ticket);
  return ticket;
}

// False: the session is gone.
bool put_ns(const Packet& packet, const ControlTicket& ticket, const Peer& peer) {
  const Session* session = peer.find_session(ticket.tunnel_and_session);
  if (session == nullptr || session->state == nullptr) return false;
  wire::store_big_endian(packet.data + ticket.ns_offset, session->state->next_ns++);
  return true;
}

}  // namespace

void control_push(Burst& burst, const OutboundTable& outbound) {
  for (Packet& packet : burst.live()) {
    const ControlTicket ticket = pull_ticket(packet);
    const auto [sa, peer] = outbound.find(ticket.sa);
    packet.ether_type = 0;
    if (sa == nullptr) {
      burst.drop(packet, DropReason::control_no_sa);
      continue;
    }
    if (packet.headroom < outbound_headroom || packet.tailroom < outbound_tailroom) {
      burst.drop(packet, DropReason::no_headroom);
      continue;
    }
    if (ticket.ns_offset != 0 && !put_ns(packet, ticket, *peer)) {
      burst.drop(packet, DropReason::control_no_sa);
      continue;
    }
    sa->hot_key.prefetch_to_l2();
    packet.outbound_sa = sa;
  }
}

}  // namespace espgate::dataplane
