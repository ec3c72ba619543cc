// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/outbound_table.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// What control says inside an SA (L2TP control messages, PPP's own frames): finds the SA that it was given a
// ticket for. An SA that is gone meanwhile drops the packet; nothing of it leaves in clear. A PPP frame of a
// numbered session gets its Ns here, since only the owner worker counts them. In: `data` at a ControlTicket
// with the whole UDP datagram behind it. Out: `data` at the UDP header, as esp_push wants it.
void control_push(Burst& burst, const OutboundTable& outbound);

}  // namespace espgate::dataplane
