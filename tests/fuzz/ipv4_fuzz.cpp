// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/ipv4.h"

#include <vector>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto packet = wire::Ipv4Packet::parse(input);
  if (!packet) return 0;
  fuzz::require_layout(input, packet->header_length(), packet->payload());
  fuzz::require(packet->header_length() + packet->payload().size() == packet->total_length());

  std::vector<std::byte> built(packet->total_length());
  wire::build_ipv4(built, {packet->total_length(), packet->dscp_ecn(), packet->identification(),
                           packet->dont_fragment(), packet->more_fragments(), packet->fragment_offset(),
                           packet->ttl(), packet->protocol(), packet->source(), packet->destination()});
  const auto again = wire::Ipv4Packet::parse(built);
  fuzz::require(again && again->header_checksum_valid() && again->total_length() == packet->total_length() &&
                again->is_fragment() == packet->is_fragment() &&
                again->fragment_offset() == packet->fragment_offset() &&
                again->dont_fragment() == packet->dont_fragment() && again->source() == packet->source() &&
                again->destination() == packet->destination() && again->protocol() == packet->protocol());

  if (packet->ttl() == 0) return 0;
  std::vector<std::byte> forwarded(input.begin(), input.end());
  wire::decrement_ttl(forwarded.data());
  const auto next_hop = wire::Ipv4Packet::parse(forwarded);
  fuzz::require(next_hop && next_hop->ttl() == packet->ttl() - 1);
  fuzz::require(next_hop->header_checksum_valid() == packet->header_checksum_valid());
  return 0;
}
