// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/live/tracer.h"

namespace espgate::dataplane::live {

// Writes into `record` what is known of a packet behind `stage` that was not known before. `live`: the stage
// let it go on. The packet's bytes must still be its own. Nothing is read beyond them; nothing allocates or
// throws.
void learn_facts(Stage stage, const Packet& packet, bool live, TraceRecord& record) noexcept;

}  // namespace espgate::dataplane::live
