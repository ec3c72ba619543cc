// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

namespace espgate::dataplane {

// L2TP (RFC 2661 §3.1): control is punted; data goes on in the session that its ids name *among those of the
// SA's own peer*, with `data` at the PPP frame. Packets of tunnel mode pass untouched.
void l2tp_pull(Burst& burst);

}  // namespace espgate::dataplane
