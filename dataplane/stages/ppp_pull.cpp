// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/ppp_pull.h"

#include "dataplane/session.h"
#include "wire/ethernet.h"
#include "wire/ppp.h"

namespace espgate::dataplane {
namespace {

// 0: not an inner network layer.
std::uint16_t ether_type_of(std::uint16_t ppp_protocol) {
  switch (ppp_protocol) {
    case wire::ppp_ipv4:
      return wire::ether_type_ipv4;
    case wire::ppp_ipv6:
      return wire::ether_type_ipv6;
    default:
      return 0;
  }
}

}  // namespace

void ppp_pull(Burst& burst) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type != 0) continue;
    const auto ppp = wire::PppFrame::parse(packet.bytes());
    if (!ppp) {
      burst.drop(packet, DropReason::ppp_malformed);
      continue;
    }
    packet.ether_type = ether_type_of(ppp->protocol());
    if (packet.ether_type == 0) {
      burst.punt(packet, Punt::ppp_control);
      continue;
    }
    if (packet.session != nullptr && !packet.session->open_for_ip) {
      burst.drop(packet, DropReason::session_closed);
      continue;
    }
    packet.pull(ppp->header_length());
  }
}

}  // namespace espgate::dataplane
