// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_packet.h"

#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

#include <algorithm>

namespace espgate::replay {
namespace {

constexpr std::size_t ipv4_length_at = 2;
constexpr std::size_t ipv6_length_at = 4;

bool is_v6(wire::Bytes packet) { return !packet.empty() && std::to_integer<unsigned>(packet[0]) >> 4 == 6; }

bool uses_port(const Flow& flow, std::uint16_t port) {
  return flow.source.port == port || flow.destination.port == port;
}

void classify_natt(OuterPacket& packet) {
  switch (wire::classify_natt(packet.payload)) {
    case wire::NattKind::esp:
      packet.kind = OuterKind::esp;
      return;
    case wire::NattKind::ike:
      packet.kind = OuterKind::ike;
      packet.payload = packet.payload.subspan(wire::natt_marker_length);
      return;
    case wire::NattKind::keepalive:
      packet.kind = OuterKind::keepalive;
      return;
    case wire::NattKind::malformed:
      packet.kind = OuterKind::natt_malformed;
      return;
  }
}

void classify_udp(OuterPacket& packet) {
  // The UDP length of a first fragment reaches beyond it; what there is of the datagram is there all the
  // same.
  const auto udp = wire::UdpDatagram::parse(packet.payload);
  packet.payload =
      udp ? udp->payload() : packet.payload.subspan(std::min(packet.payload.size(), sizeof(wire::UdpHeader)));
  if (uses_port(packet.flow, wire::udp_port_natt)) return classify_natt(packet);
  if (uses_port(packet.flow, wire::udp_port_ike)) packet.kind = OuterKind::ike;
  if (uses_port(packet.flow, wire::udp_port_l2tp)) packet.kind = OuterKind::clear_l2tp;
}

void classify(OuterPacket& packet) {
  if (packet.flow.protocol == wire::ip_protocol_udp) {
    classify_udp(packet);
  } else if (packet.flow.protocol == wire::ip_protocol_esp &&
             packet.payload.size() >= sizeof(wire::EspHeader)) {
    packet.kind = OuterKind::esp;
  }
}

}  // namespace

bool OuterPacket::in_udp() const { return flow.protocol == wire::ip_protocol_udp; }

std::uint32_t claimed_length(wire::Bytes packet) {
  if (is_v6(packet)) {
    if (packet.size() < sizeof(wire::Ipv6Header)) return 0;
    return static_cast<std::uint32_t>(sizeof(wire::Ipv6Header)) +
           wire::load_big_endian<std::uint16_t>(packet.data() + ipv6_length_at);
  }
  if (packet.size() < sizeof(wire::Ipv4Header)) return 0;
  return wire::load_big_endian<std::uint16_t>(packet.data() + ipv4_length_at);
}

// The views refuse a packet that is shorter than it says, so a copy of what the snap length has left says
// that it is as short as it is.
wire::Bytes OuterReader::as_if_whole(const SourceFrame& frame) {
  const wire::Bytes packet = frame.packet;
  if (!frame.cut || claimed_length(packet) <= packet.size()) return packet;
  shortened_.assign(packet.begin(), packet.end());
  const std::size_t header = is_v6(packet) ? sizeof(wire::Ipv6Header) : 0;
  wire::store_big_endian(shortened_.data() + (is_v6(packet) ? ipv6_length_at : ipv4_length_at),
                         static_cast<std::uint16_t>(packet.size() - header));
  return shortened_;
}

std::optional<OuterPacket> OuterReader::read(const SourceFrame& frame) {
  if (frame.ether_type != wire::ether_type_ipv4 && frame.ether_type != wire::ether_type_ipv6)
    return std::nullopt;
  const wire::Bytes bytes = as_if_whole(frame);
  const auto outer = read_flow(bytes);
  if (!outer) return std::nullopt;
  OuterPacket packet;
  packet.flow = outer->flow;
  packet.payload = outer->payload;
  packet.fragment = outer->fragment;
  packet.length = claimed_length(frame.packet);
  packet.complete = !outer->fragment && bytes.data() == frame.packet.data();
  if (const auto ip = wire::Ipv4Packet::parse(bytes); outer->fragment && ip) {
    packet.identification = ip->identification();
    if (ip->fragment_offset() != 0) packet.kind = OuterKind::later_fragment;
  }
  if (packet.kind != OuterKind::later_fragment) classify(packet);
  return packet;
}

}  // namespace espgate::replay
