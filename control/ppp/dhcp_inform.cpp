// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/dhcp_inform.h"

#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>

namespace espgate::control::ppp {
namespace {

using wire::DhcpOption;

constexpr std::uint32_t broadcast = 0xffffffff;
constexpr std::size_t headers_length = sizeof(wire::Ipv4Header) + sizeof(wire::UdpHeader);
constexpr std::size_t least_largest_message = 576;  // RFC 2132 §9.10

// The DHCP message in a packet from that client to us, or nothing.
std::optional<wire::DhcpRequest> inform_in(wire::Bytes bytes, std::uint32_t client, std::uint32_t gateway) {
  const auto ip = wire::Ipv4Packet::parse(bytes);
  if (!ip || ip->protocol() != wire::ip_protocol_udp || ip->is_fragment() || !ip->header_checksum_valid())
    return std::nullopt;
  if (ip->source() != client || (ip->destination() != broadcast && ip->destination() != gateway))
    return std::nullopt;
  const auto udp = wire::UdpDatagram::parse(ip->payload());
  if (!udp || udp->destination_port() != wire::udp_port_dhcp_server ||
      !wire::udp_checksum_valid(ip->source(), ip->destination(), *udp)) {
    return std::nullopt;
  }
  const auto request = wire::DhcpRequest::parse(udp->payload());
  if (!request || request->message_type() != static_cast<std::uint8_t>(wire::DhcpMessageType::inform))
    return std::nullopt;
  const bool own_address = request->client_address() == client || request->client_address() == 0;
  return own_address ? std::optional(*request) : std::nullopt;
}

// Bytes that the whole IP packet may have.
std::size_t room_for(const wire::DhcpRequest& request, std::uint16_t mru) {
  std::size_t room = mru;
  const auto largest = request.option(DhcpOption::largest_message);
  if (largest && largest->size() == 2) {
    const std::size_t value = wire::load_big_endian<std::uint16_t>(largest->data());
    room = std::min(room, std::max(value, least_largest_message));
  }
  return room;
}

std::vector<std::byte> packet_of(const std::vector<std::byte>& message, std::uint32_t source,
                                 std::uint32_t destination) {
  std::vector<std::byte> packet(headers_length + message.size());
  wire::Ipv4Fields ip;
  ip.total_length = packet.size();
  ip.protocol = wire::ip_protocol_udp;
  ip.source = source;
  ip.destination = destination;
  wire::build_ipv4(packet, ip);
  const auto datagram = std::span(packet).subspan(sizeof(wire::Ipv4Header));
  wire::build_udp(datagram, {wire::udp_port_dhcp_server, wire::udp_port_dhcp_client, message.size()});
  std::ranges::copy(message, packet.begin() + headers_length);
  wire::store_big_endian(datagram.data() + 6, wire::udp_checksum(source, destination, datagram));
  return packet;
}

// How many of the routes fit into so many bytes of one option.
std::size_t fitting(std::span<const wire::DhcpRoute> routes, std::size_t room) {
  std::size_t bytes = 0, count = 0;
  for (; count < routes.size(); ++count) {
    bytes += wire::encoded_bytes(routes[count]);
    if (wire::dhcp_option_bytes(bytes) > room) break;
  }
  return count;
}

// Returns how many were left out.
std::size_t add_routes(wire::DhcpReplyBuilder& reply, const wire::DhcpRequest& request,
                       const DhcpSettings& settings, std::uint32_t gateway, std::size_t room) {
  std::vector<wire::DhcpRoute> routes(
      settings.routes.begin(),
      settings.routes.begin() +
          static_cast<std::ptrdiff_t>(std::min(settings.routes.size(), DhcpSettings::most_routes)));
  for (wire::DhcpRoute& route : routes)
    if (route.router == 0) route.router = gateway;
  const bool by_rfc = request.wants(DhcpOption::classless_routes);
  const bool by_microsoft = request.wants(DhcpOption::microsoft_classless_routes);
  if (routes.empty() || (!by_rfc && !by_microsoft)) return 0;
  const std::size_t left = room > reply.size() ? room - reply.size() : 0;
  auto value = wire::encode_dhcp_routes(routes);
  const bool twice = by_rfc && by_microsoft && 2 * wire::dhcp_option_bytes(value.size()) <= left;
  const std::size_t count = fitting(routes, left);
  if (count < routes.size()) value = wire::encode_dhcp_routes(std::span(routes).first(count));
  if (by_rfc) reply.option(DhcpOption::classless_routes, value);
  if (by_microsoft && (twice || !by_rfc)) reply.option(DhcpOption::microsoft_classless_routes, value);
  return settings.routes.size() - count;
}

}  // namespace

std::optional<DhcpAnswer> answer_dhcp_inform(wire::Bytes packet, const DhcpSettings& settings,
                                             const Assigned& assigned, std::uint32_t gateway_address,
                                             std::uint16_t mru) {
  if (!settings.answer) return std::nullopt;
  const auto request = inform_in(packet, assigned.address, gateway_address);
  if (!request) return std::nullopt;
  wire::DhcpReplyBuilder reply(*request, wire::DhcpMessageType::ack, gateway_address);
  if (request->wants(DhcpOption::subnet_mask)) {
    const std::uint32_t host_mask = broadcast;  // a point-to-point link has one address
    reply.addresses(DhcpOption::subnet_mask, std::span(&host_mask, 1));
  }
  if (request->wants(DhcpOption::dns_servers)) {
    std::vector<std::uint32_t> servers;
    for (const std::uint32_t server : assigned.dns)
      if (server != 0) servers.push_back(server);
    reply.addresses(DhcpOption::dns_servers, servers);
  }
  if (request->wants(DhcpOption::domain_name))
    reply.option(DhcpOption::domain_name,
                 std::as_bytes(std::span(settings.domain.data(), settings.domain.size())));
  const std::size_t room = room_for(*request, mru);
  DhcpAnswer answer;
  answer.routes_left_out = add_routes(reply, *request, settings, gateway_address,
                                      room > headers_length ? room - headers_length : 0);
  answer.packet = packet_of(reply.finish(), gateway_address, assigned.address);
  return answer;
}

}  // namespace espgate::control::ppp
