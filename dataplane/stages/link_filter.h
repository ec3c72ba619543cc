// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "wire/ethernet.h"

namespace espgate::dataplane {

// Drops frames that are not for us: another host's, which a switch floods or a promiscuous port lets in, and
// IPv4 by link-layer broadcast or multicast, which must neither be forwarded nor answered (RFC 1812 §5.3.4).
// Other multicast and broadcast passes: ARP comes so. In: `data` at the Ethernet header.
void link_filter(Burst& burst, const wire::MacAddress& own);

}  // namespace espgate::dataplane
