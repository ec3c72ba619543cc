// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

#include <cstdint>

namespace espgate::dataplane {

// Drops what exceeds the rate of its session, by bytes of inner IP. `now` is read_cycles(), once for the
// burst. For the owner worker; packets without a session or of one without a limit pass untouched.
//
// From a client: behind ip_input, which knows the inner packet's length. To a client: behind mtu_check, which
// sends what it fragments through here a second time.
void rate_limit_from_client(Burst& burst, std::uint64_t now);
void rate_limit_to_client(Burst& burst, std::uint64_t now);

}  // namespace espgate::dataplane
