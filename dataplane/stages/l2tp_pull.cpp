// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/l2tp_pull.h"

#include "dataplane/sa.h"
#include "dataplane/session.h"
#include "wire/l2tp.h"

namespace espgate::dataplane {
namespace {

// The SA remembers its last session, since nearly always it has only one.
Session* find_session(InboundSa& sa, std::uint32_t ids) {
  if (sa.last_session != nullptr && sa.last_tunnel_and_session == ids) [[likely]]
    return sa.last_session;
  Session* session = sa.peer->find_session(ids);
  if (session != nullptr) {
    sa.last_session = session;
    sa.last_tunnel_and_session = ids;
  }
  return session;
}

}  // namespace

void l2tp_pull(Burst& burst) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type != 0) continue;
    const auto l2tp = wire::L2tpHeader::parse(packet.bytes());
    if (!l2tp) {
      burst.drop(packet, DropReason::l2tp_malformed);
      continue;
    }
    packet.tunnel_and_session = tunnel_and_session(l2tp->tunnel_id(), l2tp->session_id());
    if (l2tp->is_control()) {
      burst.punt(packet, Punt::l2tp_control);
      continue;
    }
    InboundSa& sa = *packet.inbound_sa;
    packet.session = sa.observed ? nullptr : find_session(sa, packet.tunnel_and_session);
    if (packet.session == nullptr && !sa.observed) {
      burst.drop(packet, DropReason::l2tp_unknown_session);
      continue;
    }
    packet.data += l2tp->header_length();
    packet.length = static_cast<std::uint32_t>(l2tp->payload().size());
  }
}

}  // namespace espgate::dataplane
