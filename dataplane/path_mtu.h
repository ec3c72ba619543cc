// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

#include <cstdint>
#include <optional>

namespace espgate::dataplane {

// What a router on the way to a client says of one of our ESP packets: it was too big.
struct PathMtu {
  std::uint32_t destination = 0;       // of our packet: the client as we see it. Host order
  std::uint16_t destination_port = 0;  // 0: plain ESP
  std::uint32_t spi = 0;
  std::uint16_t mtu = 0;  // bytes of an outer IP packet that would have passed

  friend bool operator==(const PathMtu&, const PathMtu&) = default;
};

// No path may bring us below this, whatever a router (or somebody who plays one) says: RFC 791 §3.2 promises
// it to every host.
inline constexpr std::uint16_t lowest_path_mtu = 576;

// Reads an ICMP packet from outside, from its outer IP header on. nullopt: it is no "fragmentation needed"
// that could be about an ESP packet from `own_outside` (host order). What can't be forged without having seen
// such a packet is its SPI: whether we have an outbound SA with this SPI to this destination is the caller's
// to check (RFC 4301 §8.2.1).
[[nodiscard]] std::optional<PathMtu> parse_path_mtu(wire::Bytes packet, std::uint32_t own_outside);

}  // namespace espgate::dataplane
