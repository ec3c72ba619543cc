// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa.h"

#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

namespace espgate::dataplane {
namespace {

std::uint16_t folded_sum(wire::Bytes header) {
  return static_cast<std::uint16_t>(~wire::internet_checksum(header));
}

}  // namespace

bool Peer::add(InboundSa& sa) {
  for (Inbound& place : inbound) {
    if (place.sa.load(std::memory_order_relaxed) != nullptr) continue;
    place.order.store(++installed_, std::memory_order_relaxed);
    place.sa.store(&sa, std::memory_order_release);
    return true;
  }
  return false;
}

bool Peer::add(OutboundSa& sa) {
  for (std::atomic<OutboundSa*>& place : outbound) {
    if (place.load(std::memory_order_relaxed) != nullptr) continue;
    place.store(&sa, std::memory_order_release);
    return true;
  }
  return false;
}

void Peer::remove(const InboundSa& sa) {
  for (Inbound& place : inbound)
    if (place.sa.load(std::memory_order_relaxed) == &sa) place.sa.store(nullptr, std::memory_order_release);
}

void Peer::remove(const OutboundSa& sa) {
  for (std::atomic<OutboundSa*>& place : outbound)
    if (place.load(std::memory_order_relaxed) == &sa) place.store(nullptr, std::memory_order_release);
}

void set_outer_header(OutboundSa& sa, const OuterHeaderFields& fields) {
  constexpr std::size_t ip_length = sizeof(wire::Ipv4Header);
  const std::size_t link_length = fields.ethernet ? 14 : 0;
  const std::size_t udp_length = fields.udp ? sizeof(wire::UdpHeader) : 0;
  OuterHeader& outer = sa.outer;
  outer = {};
  outer.length = static_cast<std::uint8_t>(link_length + ip_length + udp_length);
  outer.ip_offset = static_cast<std::uint8_t>(OuterHeader::capacity - ip_length - udp_length);

  std::byte* ip = outer.bytes.data() + outer.ip_offset;
  if (fields.ethernet) {
    std::byte* link = ip - link_length;
    std::copy(fields.destination_mac.begin(), fields.destination_mac.end(), link);
    std::copy(fields.source_mac.begin(), fields.source_mac.end(), link + 6);
    wire::store_big_endian(link + 12, wire::ether_type_ipv4);
  }
  // An atomic datagram: DF set, so the identification may stay 0 (RFC 6864 §4.1), and ICMP tells the path's
  // MTU.
  wire::Ipv4Header header{};
  header.version_ihl = 0x45;
  header.flags_fragment = wire::be16(wire::ipv4_dont_fragment);
  header.ttl = 64;
  header.protocol = fields.udp ? wire::ip_protocol_udp : wire::ip_protocol_esp;
  header.source = wire::be32(fields.source);
  header.destination = wire::be32(fields.destination);
  wire::store_header(ip, header);
  outer.checksum_base = folded_sum({ip, ip_length});
  if (fields.udp)
    wire::store_header(ip + ip_length,
                       wire::UdpHeader{wire::be16(fields.source_port), wire::be16(fields.destination_port),
                                       wire::be16(0), wire::be16(0)});
  sa.overhead_bytes = static_cast<std::uint8_t>(ip_length + udp_length + sizeof(wire::EspHeader) +
                                                sa.iv_bytes + 2 + sa.icv_bytes);
}

void set_outer_destination(OutboundSa& sa, std::uint32_t address, std::uint16_t port) noexcept {
  OuterHeader& outer = sa.outer;
  std::byte* ip = outer.bytes.data() + outer.ip_offset;
  wire::store_big_endian(ip + offsetof(wire::Ipv4Header, destination), address);
  outer.checksum_base = folded_sum({ip, sizeof(wire::Ipv4Header)});
  if (outer.has_udp())
    wire::store_big_endian(ip + sizeof(wire::Ipv4Header) + offsetof(wire::UdpHeader, destination_port), port);
  sa.next_hop = 0;
}

}  // namespace espgate::dataplane
