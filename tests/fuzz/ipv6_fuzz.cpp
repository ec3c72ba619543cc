// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/ipv6.h"

#include <algorithm>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto packet = wire::Ipv6Packet::parse(input);
  if (!packet) return 0;
  fuzz::require_layout(input, packet->header_length(), packet->payload());
  fuzz::require(packet->header_length() + packet->payload().size() == packet->total_length());

  std::array<std::byte, sizeof(wire::Ipv6Header)> built;
  wire::build_ipv6(
      built, {packet->payload().size(), packet->traffic_class(), packet->flow_label(), packet->next_header(),
              packet->hop_limit(), packet->source(), packet->destination()});
  fuzz::require(std::ranges::equal(built, input.first(built.size())));  // the fixed header has no other bits
  return 0;
}
