// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/outer_route.h"

#include "dataplane/sa.h"
#include "wire/ipv4.h"

namespace espgate::dataplane {
namespace {

bool destination_known(const OuterHeader& outer, const std::byte* ip) {
  const auto header = wire::load_header<wire::Ipv4Header>(ip);
  if (header.destination.host() == 0) return false;
  return !outer.has_udp() || wire::load_big_endian<std::uint16_t>(ip + sizeof header + 2) != 0;
}

// A route has changed since the SA's last packet, or the client has moved.
[[gnu::noinline, gnu::cold]] void look_up(Burst& burst, Packet& packet, const RouteTable& routes,
                                          std::uint32_t generation) {
  OutboundSa& sa = *packet.outbound_sa;
  if (!destination_known(sa.outer, packet.data)) return burst.drop(packet, DropReason::peer_unknown);
  const auto destination =
      wire::load_big_endian<std::uint32_t>(packet.data + offsetof(wire::Ipv4Header, destination));
  routes.lookup({&destination, 1}, &packet.next_hop);
  if (packet.next_hop == no_next_hop) return burst.drop(packet, DropReason::no_route);
  sa.next_hop = packet.next_hop;
  sa.route_generation = generation;
}

}  // namespace

void outer_route(Burst& burst, const OuterRouteContext& context) {
  // Read before the routes: if one changes meanwhile, what is remembered now is already old.
  const std::uint32_t generation = context.routes.generation();
  for (Packet& packet : burst.live()) {
    const OutboundSa& sa = *packet.outbound_sa;
    packet.next_hop = sa.next_hop;
    if (sa.next_hop == no_next_hop || sa.route_generation != generation) [[unlikely]]
      look_up(burst, packet, context.routes, generation);
    context.hops.prefetch(packet.next_hop);
  }
}

}  // namespace espgate::dataplane
