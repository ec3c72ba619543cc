// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "dataplane/packet.h"

#include <span>

namespace espgate::dataplane {

// Takes the next sequence number of the SA, writes padding and trailer, IV field and ESP header (RFC 4303
// §2). An SA whose numbers are used up sends nothing more. How far it has counted is stored in `progress`,
// index = slot, before the packet can leave: numbers, packets and bytes. Out: `data` at the ESP header,
// length up to the end of the ICV.
void esp_push(Burst& burst, std::span<channel::SaProgress> progress = {});

}  // namespace espgate::dataplane
