// SPDX-License-Identifier: Apache-2.0
// An ICMP packet from outside, behind a byte of control: 1 puts the right addresses and checksum in, which no
// fuzzer guesses. What is believed must be within bounds, and about a packet that is quoted as ours.
#include "dataplane/path_mtu.h"
#include "tests/fuzz/invariant.h"
#include "wire/icmp.h"

#include <algorithm>
#include <vector>

using namespace espgate;

namespace {

constexpr std::uint32_t own = 0x0a140001;
constexpr std::size_t quote_at = sizeof(wire::Ipv4Header) + sizeof(wire::IcmpHeader);

void repair(std::vector<std::byte>& packet) {
  if (packet.size() < quote_at) return;
  wire::store_big_endian(packet.data() + 16, own);
  if (packet.size() >= quote_at + sizeof(wire::Ipv4Header))
    wire::store_big_endian(packet.data() + quote_at + 12, own);
  const auto total =
      std::min<std::size_t>(packet.size(), wire::load_big_endian<std::uint16_t>(packet.data() + 2));
  if (total < quote_at) return;
  const wire::MutableBytes icmp = wire::MutableBytes(packet).first(total).subspan(sizeof(wire::Ipv4Header));
  wire::store_big_endian(icmp.data() + 2, std::uint16_t{0});
  wire::store_big_endian(icmp.data() + 2, wire::internet_checksum(icmp));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const wire::Bytes input = fuzz::as_bytes(data + 1, size - 1);
  std::vector<std::byte> packet(input.begin(), input.end());
  if ((data[0] & 1) != 0) repair(packet);
  const auto found = dataplane::parse_path_mtu(packet, own);
  if (!found) return 0;
  fuzz::require(found->mtu >= dataplane::lowest_path_mtu && found->spi >= 256);
  const auto ip = wire::Ipv4Packet::parse(packet);
  fuzz::require(ip && ip->destination() == own && !ip->is_fragment());
  const wire::Bytes quote = ip->payload().subspan(sizeof(wire::IcmpHeader));
  const auto header = wire::load_header<wire::Ipv4Header>(quote.data());
  fuzz::require(header.source.host() == own && header.destination.host() == found->destination);
  fuzz::require(found->mtu < header.total_length.host());
  fuzz::require((found->destination_port == 0) == (header.protocol == wire::ip_protocol_esp));
  return 0;
}
