// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/ip_forward.h"

#include "wire/ethernet.h"
#include "wire/ipv4.h"

#include <array>

namespace espgate::dataplane {
namespace {

void turn_back(Burst& burst, const Packet& packet, bool client_to_client) {
  if (client_to_client) return burst.punt(packet, Punt::to_client);
  burst.drop(packet, DropReason::client_to_client);
}

// Takes the hop of those that go on; their destinations, in order.
unsigned hop_and_collect(Burst& burst, const ForwardContext& context,
                         std::array<std::uint32_t, max_burst>& destinations) {
  unsigned count = 0;
  for (const Packet& packet : burst.live()) {
    if (packet.ether_type != wire::ether_type_ipv4) [[unlikely]] {
      burst.drop(packet, DropReason::no_route);
      continue;
    }
    const auto destination =
        wire::load_big_endian<std::uint32_t>(packet.data + offsetof(wire::Ipv4Header, destination));
    if (packet.data[offsetof(wire::Ipv4Header, ttl)] <= std::byte{1}) [[unlikely]] {
      burst.drop(packet, DropReason::ttl_exceeded);
      continue;
    }
    wire::decrement_ttl(packet.data);
    if (context.clients != nullptr && context.clients->contains(destination)) [[unlikely]] {
      turn_back(burst, packet, context.client_to_client);
      continue;
    }
    destinations[count++] = destination;
  }
  return count;
}

}  // namespace

void ip_forward(Burst& burst, const ForwardContext& context) {
  std::array<std::uint32_t, max_burst> destinations;
  std::array<NextHopId, max_burst> next_hops;
  const unsigned count = hop_and_collect(burst, context, destinations);
  if (count == 0) return;
  context.routes.lookup({destinations.data(), count}, next_hops.data());
  unsigned i = 0;
  for (Packet& packet : burst.live()) {
    packet.next_hop =
        context.side == nullptr ? next_hops[i] : context.side->choose(next_hops[i], destinations[i]);
    ++i;
    if (packet.next_hop == no_next_hop) burst.drop(packet, DropReason::no_route);
  }
}

}  // namespace espgate::dataplane
