// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// Takes the next sequence number of the SA, writes padding and trailer, IV field and ESP header (RFC 4303
// §2). An SA whose numbers are used up sends nothing more. Out: `data` at the ESP header, length up to the
// end of the ICV.
void esp_push(Burst& burst);

}  // namespace espgate::dataplane
