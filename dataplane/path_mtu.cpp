// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path_mtu.h"

#include "wire/esp.h"
#include "wire/icmp.h"
#include "wire/udp.h"

#include <algorithm>
#include <array>

namespace espgate::dataplane {
namespace {

constexpr std::uint32_t lowest_spi = 256;  // RFC 4303 §2.1

// RFC 1191 §7.1, from the largest; below them lowest_path_mtu counts anyway.
constexpr std::array<std::uint16_t, 8> plateaus = {65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006};

// What a router that does not name its MTU most likely has, given that `length` did not pass (RFC 1191 §5).
std::uint16_t plateau_below(std::uint16_t length) {
  for (const std::uint16_t plateau : plateaus)
    if (plateau < length) return plateau;
  return lowest_path_mtu;
}

// One of our packets as an error quotes it: whole or cut anywhere behind the SPI.
struct Quote {
  std::uint16_t total_length;
  PathMtu about;  // without mtu
};

std::optional<Quote> parse_quote(wire::Bytes quote, std::uint32_t own_outside) {
  if (quote.size() < sizeof(wire::Ipv4Header)) return std::nullopt;
  const auto ip = wire::load_header<wire::Ipv4Header>(quote.data());
  // All that we send has no options and must not be fragmented.
  if (ip.version_ihl != 0x45 || (ip.flags_fragment.host() & ~0x8000U) != wire::ipv4_dont_fragment)
    return std::nullopt;
  if (ip.source.host() != own_outside || own_outside == 0) return std::nullopt;
  wire::Bytes payload = quote.subspan(sizeof ip);
  Quote found{ip.total_length.host(), {.destination = ip.destination.host()}};
  if (ip.protocol == wire::ip_protocol_udp) {
    if (payload.size() < sizeof(wire::UdpHeader)) return std::nullopt;
    const auto udp = wire::load_header<wire::UdpHeader>(payload.data());
    if (udp.source_port.host() != wire::udp_port_natt || udp.destination_port.host() == 0)
      return std::nullopt;
    found.about.destination_port = udp.destination_port.host();
    payload = payload.subspan(sizeof udp);
  } else if (ip.protocol != wire::ip_protocol_esp) {
    return std::nullopt;
  }
  if (payload.size() < sizeof(std::uint32_t)) return std::nullopt;
  found.about.spi = wire::load_big_endian<std::uint32_t>(payload.data());
  if (found.about.spi < lowest_spi) return std::nullopt;
  return found;
}

}  // namespace

std::optional<PathMtu> parse_path_mtu(wire::Bytes packet, std::uint32_t own_outside) {
  const auto ip = wire::Ipv4Packet::parse(packet);
  if (!ip || ip->is_fragment() || ip->protocol() != wire::ip_protocol_icmp) return std::nullopt;
  if (ip->destination() != own_outside) return std::nullopt;
  const auto icmp = wire::IcmpMessage::parse(ip->payload());
  if (!icmp || !icmp->is_fragmentation_needed() || !icmp->checksum_valid()) return std::nullopt;
  const auto quote = parse_quote(icmp->payload(), own_outside);
  if (!quote) return std::nullopt;
  const std::uint16_t named = icmp->next_hop_mtu();
  PathMtu result = quote->about;
  result.mtu = std::max(named == 0 ? plateau_below(quote->total_length) : named, lowest_path_mtu);
  // A link that the packet would have fitted did not refuse it.
  if (result.mtu >= quote->total_length) return std::nullopt;
  return result;
}

}  // namespace espgate::dataplane
