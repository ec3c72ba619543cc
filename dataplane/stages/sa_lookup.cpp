// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/sa_lookup.h"

#include "wire/big_endian.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace espgate::dataplane {
namespace {

// Destination of an outer header that classify has checked.
wire::IpAddress outer_destination(const std::byte* outer) {
  if (std::to_integer<unsigned>(*outer) >> 4 == 4)
    return wire::IpAddress::v4(wire::load_header<wire::Ipv4Header>(outer).destination.host());
  std::array<std::byte, 16> destination;
  std::memcpy(destination.data(), outer + 24, destination.size());  // RFC 8200 §3
  return wire::IpAddress(destination);
}

InboundSa* find(const Packet& packet, const SaTable& sas) {
  const auto spi = wire::load_big_endian<std::uint32_t>(packet.data);
  InboundSa* sa = sas.find(spi);
  if (sa == nullptr && sas.foreign() != nullptr)
    sa = sas.foreign()->find(outer_destination(packet.outer), spi);
  return sa;
}

}  // namespace

void sa_lookup(Burst& burst, const SaTable& sas) {
  for (Packet& packet : burst.live()) {
    InboundSa* sa = find(packet, sas);
    if (sa == nullptr) {
      burst.drop(packet, DropReason::esp_unknown_spi);
      continue;
    }
    prefetch(sa);
    prefetch_for_write(&sa->window);
    packet.inbound_sa = sa;
  }
}

}  // namespace espgate::dataplane
