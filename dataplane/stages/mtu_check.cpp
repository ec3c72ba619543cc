// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/mtu_check.h"

#include "dataplane/session.h"
#include "wire/ipv4.h"

namespace espgate::dataplane {
namespace {

[[gnu::noinline, gnu::cold]] void does_not_fit(Burst& burst, const Packet& packet) {
  const auto flags =
      wire::load_big_endian<std::uint16_t>(packet.data + offsetof(wire::Ipv4Header, flags_fragment));
  if ((flags & wire::ipv4_dont_fragment) != 0) return burst.drop(packet, DropReason::too_big);
  burst.punt(packet, Punt::fragment);
}

}  // namespace

void mtu_check_to_client(Burst& burst) {
  for (const Packet& packet : burst.live())
    if (packet.length > packet.session->limit()) [[unlikely]]
      does_not_fit(burst, packet);
}

void mtu_check_to_link(Burst& burst, const NextHopTable& hops) {
  for (const Packet& packet : burst.live())
    if (packet.length > hops.port(NextHop::port_of(hops.word(packet.next_hop))).mtu) [[unlikely]]
      does_not_fit(burst, packet);
}

}  // namespace espgate::dataplane
