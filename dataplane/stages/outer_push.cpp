// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/outer_push.h"

#include "dataplane/sa.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

namespace espgate::dataplane {
namespace {

// Internet checksum (RFC 1071) of a header whose other words sum up to `base`.
std::uint16_t header_checksum(std::uint16_t base, std::uint16_t total_length) {
  std::uint32_t sum = std::uint32_t{base} + total_length;
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void push(Packet& packet, const OuterHeader& outer) {
  std::byte* block = packet.data - OuterHeader::capacity;
  const auto ip_length = static_cast<std::uint16_t>(packet.length + OuterHeader::capacity - outer.ip_offset);
  const auto udp_length = static_cast<std::uint16_t>(packet.length + sizeof(wire::UdpHeader));
  std::memcpy(block, outer.bytes.data(), OuterHeader::capacity);
  std::byte* ip = block + outer.ip_offset;
  wire::store_big_endian(ip + offsetof(wire::Ipv4Header, total_length), ip_length);
  wire::store_big_endian(ip + offsetof(wire::Ipv4Header, checksum),
                         header_checksum(outer.checksum_base, ip_length));
  if (outer.has_udp())
    wire::store_big_endian(packet.data - sizeof(wire::UdpHeader) + offsetof(wire::UdpHeader, length),
                           udp_length);
  packet.outer = ip;
  packet.data -= outer.length;
  packet.length += outer.length;
}

}  // namespace

void outer_push(Burst& burst) {
  for (Packet& packet : burst.live()) push(packet, packet.outbound_sa->outer);
}

}  // namespace espgate::dataplane
