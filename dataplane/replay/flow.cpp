// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/flow.h"

#include "wire/esp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

namespace espgate::replay {
namespace {

void read_ports(FlowPacket& packet) {
  const bool has_ports =
      packet.flow.protocol == wire::ip_protocol_udp || packet.flow.protocol == wire::ip_protocol_tcp;
  if (!has_ports || packet.payload.size() < 4) return;
  packet.flow.source.port = wire::load_big_endian<std::uint16_t>(packet.payload.data());
  packet.flow.destination.port = wire::load_big_endian<std::uint16_t>(packet.payload.data() + 2);
}

std::optional<FlowPacket> read_ipv4(wire::Bytes bytes) {
  const auto ip = wire::Ipv4Packet::parse(bytes);
  if (!ip) return std::nullopt;
  FlowPacket packet;
  packet.flow.source.address = wire::IpAddress::v4(ip->source());
  packet.flow.destination.address = wire::IpAddress::v4(ip->destination());
  packet.flow.protocol = ip->protocol();
  packet.payload = ip->payload();
  packet.fragment = ip->is_fragment();
  if (ip->fragment_offset() == 0) read_ports(packet);
  return packet;
}

std::optional<FlowPacket> read_ipv6(wire::Bytes bytes) {
  const auto ip = wire::Ipv6Packet::parse(bytes);
  if (!ip) return std::nullopt;
  FlowPacket packet;
  packet.flow.source.address = ip->source();
  packet.flow.destination.address = ip->destination();
  packet.flow.protocol = ip->next_header();
  packet.payload = ip->payload();
  read_ports(packet);
  return packet;
}

}  // namespace

std::string Endpoint::to_string() const {
  std::string text = address.to_string();
  if (port == 0) return text;
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::optional<FlowPacket> read_flow(wire::Bytes ip_packet) {
  if (ip_packet.empty()) return std::nullopt;
  return std::to_integer<unsigned>(ip_packet[0]) >> 4 == 6 ? read_ipv6(ip_packet) : read_ipv4(ip_packet);
}

std::optional<std::uint32_t> read_spi(const FlowPacket& packet) {
  wire::Bytes esp = packet.payload;
  if (packet.flow.protocol == wire::ip_protocol_udp) {
    if (packet.flow.source.port != wire::udp_port_natt && packet.flow.destination.port != wire::udp_port_natt)
      return std::nullopt;
    const auto udp = wire::UdpDatagram::parse(packet.payload);
    // A first fragment's UDP length reaches beyond it; its SPI is there all the same.
    esp = udp ? udp->payload()
              : packet.payload.subspan(std::min(packet.payload.size(), sizeof(wire::UdpHeader)));
    if (wire::classify_natt(esp) != wire::NattKind::esp) return std::nullopt;
  } else if (packet.flow.protocol != wire::ip_protocol_esp) {
    return std::nullopt;
  }
  if (esp.size() < sizeof(wire::EspHeader)) return std::nullopt;
  return wire::load_big_endian<std::uint32_t>(esp.data());
}

std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case wire::ip_protocol_icmp:
      return "icmp";
    case wire::ip_protocol_tcp:
      return "tcp";
    case wire::ip_protocol_udp:
      return "udp";
    case wire::ip_protocol_icmpv6:
      return "icmpv6";
    case wire::ip_protocol_esp:
      return "esp";
    default:
      return std::to_string(protocol);
  }
}

}  // namespace espgate::replay
