// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// Room that the outbound stages need before the inner packet: PPP, L2TP and UDP, IV, ESP, and the outer
// headers, each copied as a block of constant size.
inline constexpr std::uint16_t outbound_headroom = 128;
// And behind it: padding, trailer, ICV.
inline constexpr std::uint16_t outbound_tailroom = 64;

// Puts the session's prebuilt UDP, L2TP and PPP headers before the inner packet, and the next Ns into them if
// the session is numbered. Asks for the SA's keys meanwhile.
void ppp_l2tp_push(Burst& burst);

}  // namespace espgate::dataplane
