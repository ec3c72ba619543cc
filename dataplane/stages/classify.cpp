// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/classify.h"

#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

namespace espgate::dataplane {
namespace {

constexpr std::uint8_t ipv6_fragment_header = 44;  // RFC 8200 §4.5

bool is_port(const wire::UdpDatagram& udp, std::uint16_t port, bool both_directions) {
  return udp.destination_port() == port || (both_directions && udp.source_port() == port);
}

// `data` at the UDP payload of a datagram to port 4500.
void classify_natt(Burst& burst, Packet& packet, const SaTable& sas) {
  switch (wire::classify_natt(packet.bytes())) {
    case wire::NattKind::esp:
      sas.prefetch(wire::load_big_endian<std::uint32_t>(packet.data));
      return;
    case wire::NattKind::ike:
      packet.pull(sizeof(std::uint32_t));  // the non-ESP marker, RFC 3948 §2.2
      burst.punt(packet, Punt::ike);
      return;
    case wire::NattKind::keepalive:
      burst.punt(packet, Punt::keepalive);
      return;
    case wire::NattKind::malformed:
      burst.drop(packet, DropReason::natt_malformed);
      return;
  }
}

void classify_udp(Burst& burst, Packet& packet, const ClassifyContext& context) {
  const auto udp = wire::UdpDatagram::parse(packet.bytes());
  if (!udp) return burst.drop(packet, DropReason::udp_malformed);
  packet.data += sizeof(wire::UdpHeader);
  packet.length = static_cast<std::uint32_t>(udp->payload().size());

  if (is_port(*udp, wire::udp_port_natt, context.both_directions))
    return classify_natt(burst, packet, *context.sas);
  if (is_port(*udp, wire::udp_port_ike, context.both_directions)) return burst.punt(packet, Punt::ike);
  const bool l2tp = is_port(*udp, wire::udp_port_l2tp, true);
  burst.drop(packet, l2tp ? DropReason::clear_l2tp : DropReason::clear_from_outside);
}

void classify_transport(Burst& burst, Packet& packet, std::uint8_t protocol, const ClassifyContext& context) {
  switch (protocol) {
    case wire::ip_protocol_udp:
      return classify_udp(burst, packet, context);
    case wire::ip_protocol_esp:
      if (packet.length < sizeof(wire::EspHeader)) return burst.drop(packet, DropReason::esp_truncated);
      context.sas->prefetch(wire::load_big_endian<std::uint32_t>(packet.data));
      return;
    default:
      return burst.drop(packet, DropReason::clear_from_outside);
  }
}

// Whether `packet` is a whole datagram now; if not, it has left the burst.
bool reassemble(Burst& burst, Packet& packet, Reassembler* reassembler) {
  const auto outcome =
      reassembler == nullptr ? Reassembler::Outcome::resources : reassembler->add(burst, packet);
  switch (outcome) {
    case Reassembler::Outcome::complete:
      return true;
    case Reassembler::Outcome::held:
      burst.punt(packet, Punt::held);
      return false;
    case Reassembler::Outcome::duplicate:
      burst.drop(packet, DropReason::fragment_duplicate);
      return false;
    case Reassembler::Outcome::malformed:
      burst.drop(packet, DropReason::fragment_malformed);
      return false;
    case Reassembler::Outcome::resources:
      burst.drop(packet, DropReason::fragment_resources);
      return false;
  }
  return false;
}

DropReason outer_ip_fault(wire::ParseError error) {
  return error == wire::ParseError::truncated ? DropReason::frame_cut : DropReason::ip_malformed;
}

void classify_ipv4(Burst& burst, Packet& packet, const ClassifyContext& context) {
  auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip) return burst.drop(packet, outer_ip_fault(ip.error()));
  if (context.own_address != 0 && ip->destination() != context.own_address)
    return burst.drop(packet, DropReason::foreign_destination);
  if (ip->is_fragment()) [[unlikely]] {
    if (!reassemble(burst, packet, context.reassembler)) return;
    ip = wire::Ipv4Packet::parse(packet.bytes());
    if (!ip || ip->is_fragment()) return burst.drop(packet, DropReason::fragment_malformed);
  }
  packet.outer = packet.data;
  if (ip->protocol() == wire::ip_protocol_icmp) return burst.punt(packet, Punt::icmp);
  packet.data += ip->header_length();
  packet.length = static_cast<std::uint32_t>(ip->payload().size());
  classify_transport(burst, packet, ip->protocol(), context);
}

void classify_ipv6(Burst& burst, Packet& packet, const ClassifyContext& context) {
  const auto ip = wire::Ipv6Packet::parse(packet.bytes());
  if (!ip) return burst.drop(packet, outer_ip_fault(ip.error()));
  packet.outer = packet.data;
  if (ip->next_header() == ipv6_fragment_header) return burst.drop(packet, DropReason::fragment_ipv6);
  // Neighbour discovery and multicast listener reports; the latter come behind a hop-by-hop header (RFC 3810
  // §5).
  if (ip->next_header() == wire::ip_protocol_icmpv6 || ip->next_header() == 0)
    return burst.punt(packet, Punt::neighbour);
  packet.data += ip->header_length();
  packet.length = static_cast<std::uint32_t>(ip->payload().size());
  classify_transport(burst, packet, ip->next_header(), context);
}

}  // namespace

void classify(Burst& burst, const ClassifyContext& context) {
  for (Packet& packet : burst.live()) {
    if (packet.ether_type == wire::ether_type_ipv4) [[likely]] {
      classify_ipv4(burst, packet, context);
    } else if (packet.ether_type == wire::ether_type_ipv6) {
      classify_ipv6(burst, packet, context);
    } else if (packet.ether_type == wire::ether_type_arp) {
      burst.punt(packet, Punt::neighbour);
    } else {
      burst.drop(packet, DropReason::clear_from_outside);
    }
  }
}

}  // namespace espgate::dataplane
