// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/drop_reason.h"
#include "dataplane/packet.h"
#include "wire/icmp.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace espgate::dataplane {

// What turn_into_icmp_error writes before the packet.
inline constexpr std::uint16_t icmp_error_headroom = sizeof(wire::Ipv4Header) + sizeof(wire::IcmpHeader);

// The ICMP error that tells a packet's source why it was dropped; nullopt where nobody is told. `mtu`, of the
// IP packet that would have fitted, counts for too_big only.
[[nodiscard]] std::optional<wire::IcmpFields> icmp_error_for(DropReason reason, std::uint16_t mtu);

// Makes of the IPv4 packet at hand the error about it (RFC 792), from `source` (host order) to the packet's
// source, where it lies. In: `data` at an IP header, `headroom` true. Out: `data` at the new header, headroom
// and tailroom true, next_hop 0. False: nothing may be sent about this packet (RFC 1812 §4.3.2.7), or there
// is no room; it is as it was. Rate limits are the caller's.
[[nodiscard]] bool turn_into_icmp_error(Packet& packet, const wire::IcmpFields& error, std::uint32_t source);

// Makes of an echo request its reply, where it lies. IP options don't come back. False: it is no echo request
// that may be answered; the packet is as it was.
[[nodiscard]] bool turn_into_echo_reply(Packet& packet);

}  // namespace espgate::dataplane
