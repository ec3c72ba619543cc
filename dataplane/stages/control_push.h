// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/outbound_table.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// What control says inside an SA (L2TP control messages, PPP's own frames): finds the SA that it was given a
// ticket for. An SA that is gone meanwhile drops the packet; nothing of it leaves in clear. In: `data` at an
// OutboundTicket with the whole UDP datagram behind it. Out: `data` at the UDP header, as esp_push wants it.
void control_push(Burst& burst, const OutboundTable& outbound);

}  // namespace espgate::dataplane
