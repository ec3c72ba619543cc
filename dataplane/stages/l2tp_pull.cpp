// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/l2tp_pull.h"

#include "dataplane/sa.h"
#include "dataplane/session.h"
#include "wire/l2tp.h"

#include <atomic>

namespace espgate::dataplane {
namespace {

// What nearly every client sends: data, version 2, none of the optional fields, so the ids follow at once.
constexpr std::size_t bare_header_length = 6;

bool has_bare_header(const Packet& packet) {
  return packet.length >= bare_header_length &&
         wire::load_big_endian<std::uint16_t>(packet.data) == wire::l2tp_version;
}

// Any other header. False: the packet has left the burst.
[[gnu::noinline]] bool pull_header(Burst& burst, Packet& packet) {
  const auto l2tp = wire::L2tpHeader::parse(packet.bytes());
  if (!l2tp) {
    burst.drop(packet, DropReason::l2tp_malformed);
    return false;
  }
  packet.tunnel_and_session = tunnel_and_session(l2tp->tunnel_id(), l2tp->session_id());
  if (l2tp->is_control()) {
    burst.punt(packet, Punt::l2tp_control);
    return false;
  }
  packet.data += l2tp->header_length();
  packet.length = static_cast<std::uint32_t>(l2tp->payload().size());
  return true;
}

// The SA does not remember the session: it is another of the peer's, or none.
[[gnu::noinline, gnu::cold]] void find_session(Burst& burst, Packet& packet) {
  InboundSa& sa = *packet.inbound_sa;
  packet.session = nullptr;
  if (sa.observed) return;
  packet.session = sa.peer->find_session(packet.tunnel_and_session);
  if (packet.session == nullptr) return burst.drop(packet, DropReason::l2tp_unknown_session);
  std::atomic_ref(sa.last_session).store(packet.session, std::memory_order_relaxed);
  sa.last_tunnel_and_session = packet.tunnel_and_session;
}

}  // namespace

void l2tp_pull(Burst& burst) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type != 0) continue;
    if (has_bare_header(packet)) [[likely]] {
      packet.tunnel_and_session = wire::load_big_endian<std::uint32_t>(packet.data + 2);
      packet.pull(bare_header_length);
    } else if (!pull_header(burst, packet)) {
      continue;
    }
    InboundSa& sa = *packet.inbound_sa;
    packet.session = std::atomic_ref(sa.last_session).load(std::memory_order_relaxed);
    if (packet.session == nullptr || sa.last_tunnel_and_session != packet.tunnel_and_session) [[unlikely]]
      find_session(burst, packet);
  }
}

}  // namespace espgate::dataplane
