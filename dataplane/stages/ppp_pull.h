// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// PPP (RFC 1661 §2): IP goes on with its ether_type, everything else is punted. The compressed forms of the
// header are taken whether they were negotiated or not. No IP passes before the session is open for it.
void ppp_pull(Burst& burst);

}  // namespace espgate::dataplane
