// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/link_filter.h"

#include "dataplane/next_hop_table.h"

namespace espgate::dataplane {
namespace {

constexpr std::size_t type_at = 12;
constexpr std::size_t tagged_type_at = 16;

// The first six bytes in one number, of eight that are there.
std::uint64_t first_six(const std::byte* bytes) { return wire::load_big_endian<std::uint64_t>(bytes) >> 16; }

std::uint16_t ether_type(const Packet& frame) {
  const auto type = wire::load_big_endian<std::uint16_t>(frame.data + type_at);
  if (type != wire::ether_type_vlan || frame.length < sizeof(wire::EthernetHeader) + sizeof(wire::VlanTag))
    return type;
  return wire::load_big_endian<std::uint16_t>(frame.data + tagged_type_at);
}

[[gnu::noinline, gnu::cold]] void filter_other(Burst& burst, const Packet& frame) {
  const bool multicast = (frame.data[0] & std::byte{1}) != std::byte{0};
  if (!multicast || ether_type(frame) == wire::ether_type_ipv4)
    burst.drop(frame, DropReason::foreign_destination);
}

}  // namespace

void link_filter(Burst& burst, const wire::MacAddress& own) {
  const std::uint64_t own_number = NextHop::as_number(own);
  for (const Packet& frame : burst.live()) {
    if (frame.length < sizeof(wire::EthernetHeader)) {
      burst.drop(frame, DropReason::ethernet_malformed);
      continue;
    }
    if (first_six(frame.data) != own_number) [[unlikely]]
      filter_other(burst, frame);
  }
}

}  // namespace espgate::dataplane
