// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/side_split.h"

#include "dataplane/private_side.h"
#include "dataplane/unicast.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace espgate::dataplane {
namespace {

void split_ipv4(Burst& burst, const Packet& packet, const SideSplitContext& context) {
  // Too short for its header: classify, which looks closely, drops it.
  if (packet.length < sizeof(wire::Ipv4Header)) return;
  const auto ip = wire::load_header<wire::Ipv4Header>(packet.data);
  const std::uint32_t destination = ip.destination.host();
  if (context.own.contains(destination)) return;
  if (!is_unicast(destination)) return burst.drop(packet, DropReason::foreign_destination);
  if (context.clients->contains(destination) && is_within(context.inside_prefixes, ip.source.host()))
    return burst.punt(packet, Punt::from_inside);
  burst.drop(packet, DropReason::clear_from_outside);
}

}  // namespace

void side_split(Burst& burst, const SideSplitContext& context) {
  for (const Packet& packet : burst.live()) {
    if (packet.ether_type == wire::ether_type_ipv4) [[likely]]
      split_ipv4(burst, packet, context);
    else if (packet.ether_type == wire::ether_type_ipv6)
      burst.drop(packet, DropReason::foreign_destination);  // none of our addresses is IPv6
    else if (packet.ether_type != wire::ether_type_arp)
      burst.drop(packet, DropReason::clear_from_outside);
  }
}

}  // namespace espgate::dataplane
