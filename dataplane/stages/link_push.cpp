// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/link_push.h"

#include "dataplane/session.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "wire/esp.h"
#include "wire/ethernet.h"

namespace espgate::dataplane {
namespace {

// What the outbound stages put before an inner packet at most; they don't count `headroom` down.
constexpr std::size_t longest_push =
    SessionHeader::capacity + sizeof(wire::EspHeader) + 16 + OuterHeader::capacity;
static_assert(longest_push + link_headroom <= outbound_headroom);

// Each word begins with its address; what follows in it is overwritten by the next.
void push(Packet& packet, std::uint64_t hop, std::uint64_t link) {
  packet.data -= link_headroom;
  packet.length += link_headroom;
  wire::store_big_endian(packet.data + offsetof(wire::EthernetHeader, destination), hop);
  wire::store_big_endian(packet.data + offsetof(wire::EthernetHeader, source), link);
  wire::store_big_endian(packet.data + offsetof(wire::EthernetHeader, ether_type), wire::ether_type_ipv4);
}

}  // namespace

void link_push(Burst& burst, const NextHopTable& hops) {
  for (Packet& packet : burst.live()) {
    const std::uint64_t hop = hops.word(packet.next_hop);
    if (NextHop::state_of(hop) != NextHop::State::resolved) [[unlikely]] {
      burst.punt(packet, Punt::unresolved);
      continue;
    }
    const std::uint8_t port = NextHop::port_of(hop);
    if (!hops.is_up(port)) [[unlikely]] {
      burst.drop(packet, DropReason::port_down);
      continue;
    }
    if (packet.headroom < link_headroom) [[unlikely]] {
      burst.drop(packet, DropReason::no_headroom);
      continue;
    }
    push(packet, hop, hops.port_word(port));
  }
}

}  // namespace espgate::dataplane
