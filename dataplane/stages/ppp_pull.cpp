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

constexpr std::size_t address_control_bytes = 2;  // FF 03

// Address, control and protocol field of IPv4 in full, which nearly every client sends.
constexpr std::uint32_t full_ipv4_header = 0xff03'0000 | wire::ppp_ipv4;

bool has_full_ipv4_header(const Packet& packet) {
  return packet.length >= sizeof full_ipv4_header &&
         wire::load_big_endian<std::uint32_t>(packet.data) == full_ipv4_header;
}

// Any other header. False: the packet has left the burst.
[[gnu::noinline]] bool pull_header(Burst& burst, Packet& packet) {
  const auto ppp = wire::PppFrame::parse(packet.bytes());
  if (!ppp) {
    burst.drop(packet, DropReason::ppp_malformed);
    return false;
  }
  packet.ether_type = ether_type_of(ppp->protocol());
  if (packet.ether_type == 0) {
    if (ppp->address_control_present()) packet.pull(address_control_bytes);
    burst.punt(packet, Punt::ppp_control);
    return false;
  }
  packet.pull(ppp->header_length());
  return true;
}

}  // namespace

void ppp_pull(Burst& burst) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type != 0) continue;
    if (has_full_ipv4_header(packet)) [[likely]] {
      packet.ether_type = wire::ether_type_ipv4;
      packet.pull(sizeof full_ipv4_header);
    } else if (!pull_header(burst, packet)) {
      continue;
    }
    if (packet.session != nullptr && !packet.session->open_for_ip)
      burst.drop(packet, DropReason::session_closed);
  }
}

}  // namespace espgate::dataplane
