// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/ip_local.h"

#include "dataplane/unicast.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

namespace espgate::dataplane {
namespace {

constexpr std::uint32_t limited_broadcast = 0xffff'ffff;

bool is_echo_request(const Packet& packet) {
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip || ip->protocol() != wire::ip_protocol_icmp || ip->is_fragment()) return false;
  const auto icmp = wire::IcmpMessage::parse(ip->payload());
  return icmp && icmp->type() == wire::icmp_echo_request;
}

[[gnu::noinline, gnu::cold]] void sort(Burst& burst, const Packet& packet, std::uint32_t destination,
                                       const OwnAddresses& own) {
  if (own.contains(destination)) return punt_local(burst, packet);
  if (destination == limited_broadcast) return burst.punt(packet, Punt::local);
  burst.drop(packet, DropReason::foreign_destination);
}

}  // namespace

void punt_local(Burst& burst, const Packet& packet) {
  burst.punt(packet, is_echo_request(packet) ? Punt::echo_request : Punt::local);
}

void ip_local(Burst& burst, const OwnAddresses& own) {
  for (const Packet& packet : burst.live()) {
    if (packet.ether_type != wire::ether_type_ipv4) continue;
    const auto destination =
        wire::load_big_endian<std::uint32_t>(packet.data + offsetof(wire::Ipv4Header, destination));
    if (!is_unicast(destination) || own.contains(destination)) [[unlikely]]
      sort(burst, packet, destination, own);
  }
}

}  // namespace espgate::dataplane
