// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/ip_input.h"

#include "dataplane/session.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace espgate::dataplane {
namespace {

void input_ipv4(Burst& burst, Packet& packet) {
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip) return burst.drop(packet, DropReason::inner_ip_malformed);
  if (packet.session != nullptr && ip->source() != packet.session->inner_address)
    return burst.drop(packet, DropReason::inner_source_spoofed);
  packet.length = static_cast<std::uint32_t>(ip->total_length());
}

void input_ipv6(Burst& burst, Packet& packet) {
  // No session has IPv6 open: IPV6CP is not spoken yet. A capture's packets have no session.
  if (packet.session != nullptr) return burst.drop(packet, DropReason::session_closed);
  const auto ip = wire::Ipv6Packet::parse(packet.bytes());
  if (!ip) return burst.drop(packet, DropReason::inner_ip_malformed);
  packet.length = static_cast<std::uint32_t>(ip->total_length());
}

}  // namespace

void ip_input(Burst& burst) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type == wire::ether_type_ipv4) [[likely]] {
      input_ipv4(burst, packet);
    } else {
      input_ipv6(burst, packet);
    }
  }
}

}  // namespace espgate::dataplane
