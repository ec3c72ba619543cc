// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// Lowers the MSS that a TCP SYN offers to what fits the session's inner limit, either way (RFC 4459 §3.2).
// In: `session` set where there is one, `data` at a checked IP header.
void mss_clamp(Burst& burst);

}  // namespace espgate::dataplane
