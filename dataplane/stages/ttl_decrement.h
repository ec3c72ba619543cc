// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// One hop on the way towards clients. In: `data` at a checked IPv4 header.
void ttl_decrement(Burst& burst);

}  // namespace espgate::dataplane
