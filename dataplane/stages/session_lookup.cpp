// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/session_lookup.h"

#include "dataplane/sa.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace espgate::dataplane {
namespace {

// Where the headers will be written, the packet's own, and where padding and ICV go.
void prefetch_outbound(const Packet& packet) {
  prefetch_for_write(packet.data);
  prefetch_for_write(packet.data - 64);
  prefetch_for_write(packet.data + packet.length);
}

// Each round only asks for the next cache line, so that the misses of a whole burst overlap.
void prefetch_entries(Burst& burst, const SessionTable& sessions) {
  for (const Packet& packet : burst.live()) prefetch_outbound(packet);
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
    const auto destination = wire::load_header<wire::Ipv4Header>(packet.data).destination.host();
    const SessionTable::Entry entry = sessions.find(destination);
    if (entry.session == nullptr) {
      burst.drop(packet, DropReason::no_session);
      continue;
    }
    if (entry.sa == nullptr) {
      burst.drop(packet, DropReason::session_closed);
      continue;
    }
    prefetch(entry.session);
    prefetch_for_write(entry.sa);
    prefetch_for_write(&entry.sa->outer);
    packet.session = entry.session;
    packet.outbound_sa = entry.sa;
  }
}

}  // namespace espgate::dataplane
