// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/sa_table.h"

namespace espgate::dataplane {

// SPI -> SA. In: `data` at the ESP header, at least 8 bytes.
void sa_lookup(Burst& burst, const SaTable& sas);

}  // namespace espgate::dataplane
