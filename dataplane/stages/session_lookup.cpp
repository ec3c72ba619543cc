// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/session_lookup.h"

#include "dataplane/sa.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace espgate::dataplane {
namespace {

// Each round only asks for the next cache line, so that the misses of a whole burst overlap.
void prefetch_entries(Burst& burst, const SessionTable& sessions) {
  for (const Packet& packet : burst.live()) prefetch_for_write(packet.data);
  for (Packet& packet : burst.live()) {
    if (packet.ether_type != wire::ether_type_ipv4) {
      burst.drop(packet, DropReason::no_session);
      continue;
    }
    const auto ip = wire::Ipv4Packet::parse(packet.bytes());
    if (!ip) {
      burst.drop(packet, DropReason::inner_ip_malformed);
      continue;
    }
    packet.length = static_cast<std::uint32_t>(ip->total_length());
    sessions.prefetch(ip->destination());
  }
}

}  // namespace

void session_lookup(Burst& burst, const SessionTable& sessions) {
  prefetch_entries(burst, sessions);
  for (Packet& packet : burst.live()) {
    packet.session = sessions.find(wire::load_header<wire::Ipv4Header>(packet.data).destination.host());
    if (packet.session == nullptr) {
      burst.drop(packet, DropReason::no_session);
      continue;
    }
    prefetch(packet.session);
    prefetch(reinterpret_cast<const std::byte*>(packet.session) + 64);
  }
  for (Packet& packet : burst.live()) {
    if (!packet.session->open_for_ip || packet.session->outbound_sa == nullptr) {
      burst.drop(packet, DropReason::session_closed);
      continue;
    }
    packet.outbound_sa = packet.session->outbound_sa;
    prefetch_for_write(packet.outbound_sa);
    prefetch(&packet.outbound_sa->outer);
  }
}

}  // namespace espgate::dataplane
