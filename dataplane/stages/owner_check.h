// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

#include <cstdint>

namespace espgate::dataplane {

// Punts (handover) packets whose SA belongs to another worker than `self`: behind sa_lookup, or behind
// session_lookup.
void owner_check_inbound(Burst& burst, std::uint8_t self);
void owner_check_outbound(Burst& burst, std::uint8_t self);

}  // namespace espgate::dataplane
