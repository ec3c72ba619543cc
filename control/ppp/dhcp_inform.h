// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/settings.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace espgate::control::ppp {

// A DHCPINFORM is how clients of Windows and Apple ask for routes and their domain once IPCP is open.
struct DhcpAnswer {
  std::vector<std::byte> packet;    // IPv4, a DHCPACK for the client (RFC 2131 §4.3.5)
  std::size_t routes_left_out = 0;  // they did not fit
};

// `packet`: an IPv4 packet of the client with that address. `mru`: the largest IP packet to it. Nullopt: it
// is no DHCPINFORM, or not one of this client's.
//
// Options 1, 6, 15, 121 (RFC 3442) and 249 (Microsoft's number for the same), those that the client has asked
// for. Where the routes do not fit twice, they come once; what does not fit then is left out.
[[nodiscard]] std::optional<DhcpAnswer> answer_dhcp_inform(wire::Bytes packet, const DhcpSettings& settings,
                                                           const Assigned& assigned,
                                                           std::uint32_t gateway_address, std::uint16_t mru);

}  // namespace espgate::control::ppp
