// SPDX-License-Identifier: Apache-2.0
#include "dataplane/icmp_reply.h"

#include "dataplane/unicast.h"
#include "wire/ethernet.h"

namespace espgate::dataplane {
namespace {

constexpr std::uint8_t first_ttl = 64;
// Precedence "internetwork control", as RFC 1812 §4.3.2.5 wants it for errors.
constexpr std::uint8_t error_dscp_ecn = 0xc0;

// A port can be unreachable only where there are ports; TCP would say so itself.
bool makes_sense(const wire::Ipv4Packet& offending, const wire::IcmpFields& error) {
  const bool about_port =
      error.type == wire::icmp_destination_unreachable && error.code == wire::icmp_code_port;
  return !about_port || offending.protocol() == wire::ip_protocol_udp;
}

}  // namespace

std::optional<wire::IcmpFields> icmp_error_for(DropReason reason, std::uint16_t mtu) {
  switch (reason) {
    case DropReason::ttl_exceeded:
      return wire::time_exceeded_in_transit();
    case DropReason::no_route:
      return wire::destination_unreachable(wire::icmp_code_net);
    case DropReason::no_session:
    case DropReason::no_neighbour:
      return wire::destination_unreachable(wire::icmp_code_host);
    case DropReason::client_to_client:
      return wire::destination_unreachable(wire::icmp_code_prohibited);
    case DropReason::local_unwanted:
      return wire::destination_unreachable(wire::icmp_code_port);
    case DropReason::too_big:
      return wire::fragmentation_needed(mtu);
    default:
      return std::nullopt;
  }
}

bool turn_into_icmp_error(Packet& packet, const wire::IcmpFields& error, std::uint32_t source) {
  const auto offending = wire::Ipv4Packet::parse(packet.bytes());
  if (!offending || !wire::may_cause_icmp_error(*offending) || !makes_sense(*offending, error)) return false;
  if (source == 0 || packet.headroom < icmp_error_headroom) return false;
  const std::uint32_t destination = offending->source();
  const std::size_t quoted = wire::icmp_quote_length(*offending);
  const std::size_t total = icmp_error_headroom + quoted;

  std::byte* start = packet.data - icmp_error_headroom;
  wire::build_icmp({start + sizeof(wire::Ipv4Header), total - sizeof(wire::Ipv4Header)}, error,
                   {packet.data, quoted});
  // DF, so that the identification may be 0 (RFC 6864 §4.1); 576 bytes pass everywhere.
  wire::build_ipv4({start, sizeof(wire::Ipv4Header)}, {.total_length = total,
                                                       .dscp_ecn = error_dscp_ecn,
                                                       .dont_fragment = true,
                                                       .ttl = first_ttl,
                                                       .protocol = wire::ip_protocol_icmp,
                                                       .source = source,
                                                       .destination = destination});
  packet.tailroom = static_cast<std::uint16_t>(packet.tailroom + packet.length - quoted);
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - icmp_error_headroom);
  packet.data = start;
  packet.length = static_cast<std::uint32_t>(total);
  packet.ether_type = wire::ether_type_ipv4;
  packet.next_hop = 0;
  return true;
}

bool turn_into_echo_reply(Packet& packet) {
  const auto request = wire::Ipv4Packet::parse(packet.bytes());
  if (!request || request->is_fragment() || request->protocol() != wire::ip_protocol_icmp) return false;
  const auto icmp = wire::IcmpMessage::parse(request->payload());
  if (!icmp || icmp->type() != wire::icmp_echo_request || !icmp->checksum_valid()) return false;
  if (!is_unicast(request->source()) || !is_unicast(request->destination())) return false;

  const std::size_t options = request->header_length() - sizeof(wire::Ipv4Header);
  const std::size_t total = request->total_length() - options;
  // The requester's identification is unique between the two of us, so it does for the way back.
  const wire::Ipv4Fields reply{.total_length = total,
                               .dscp_ecn = request->dscp_ecn(),
                               .identification = request->identification(),
                               .dont_fragment = request->dont_fragment(),
                               .ttl = first_ttl,
                               .protocol = wire::ip_protocol_icmp,
                               .source = request->destination(),
                               .destination = request->source()};
  const std::size_t cut = packet.length - request->total_length();
  packet.tailroom = static_cast<std::uint16_t>(packet.tailroom + cut);
  packet.headroom = static_cast<std::uint16_t>(packet.headroom + options);
  packet.data += options;
  packet.length = static_cast<std::uint32_t>(total);
  packet.next_hop = 0;
  wire::build_ipv4({packet.data, sizeof(wire::Ipv4Header)}, reply);
  wire::turn_into_echo_reply(packet.bytes().subspan(sizeof(wire::Ipv4Header)));
  return true;
}

}  // namespace espgate::dataplane
