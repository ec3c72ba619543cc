// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// Puts the SA's prebuilt link, IP and UDP headers before the ESP header and fills in lengths and the IP
// checksum; the UDP checksum is 0 (RFC 3948 §2.1).
void outer_push(Burst& burst);

}  // namespace espgate::dataplane
