// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/inside_input.h"

#include "dataplane/stages/ip_local.h"
#include "dataplane/unicast.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace espgate::dataplane {
namespace {

void input_ipv4(Burst& burst, Packet& packet, const OwnAddresses& own) {
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip) {
    const bool cut = ip.error() == wire::ParseError::truncated;
    return burst.drop(packet, cut ? DropReason::frame_cut : DropReason::ip_malformed);
  }
  // Nothing else vouches for these bytes, as an ICV does for a client's (RFC 1812 §5.2.2).
  if (!ip->header_checksum_valid()) return burst.drop(packet, DropReason::ip_malformed);
  packet.length = static_cast<std::uint32_t>(ip->total_length());
  const std::uint32_t destination = ip->destination();
  if (own.contains(destination)) return punt_local(burst, packet);
  if (!is_unicast(destination)) return burst.drop(packet, DropReason::foreign_destination);
}

[[gnu::noinline, gnu::cold]] void input_other(Burst& burst, const Packet& packet) {
  if (packet.ether_type == wire::ether_type_arp) return burst.punt(packet, Punt::neighbour);
  if (packet.ether_type == wire::ether_type_ipv6) {
    const auto ip = wire::Ipv6Packet::parse(packet.bytes());
    if (ip && ip->next_header() == wire::ip_protocol_icmpv6) return burst.punt(packet, Punt::neighbour);
  }
  burst.drop(packet, DropReason::foreign_destination);
}

}  // namespace

void inside_input(Burst& burst, const OwnAddresses& own) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type == wire::ether_type_ipv4) [[likely]]
      input_ipv4(burst, packet, own);
    else
      input_other(burst, packet);
  }
}

}  // namespace espgate::dataplane
