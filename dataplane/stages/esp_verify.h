// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/job_batch.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// Drops what failed its ICV; only then commits the window, checks the padding (RFC 4303 §2.4) and holds the
// payload against what the SA may carry. Out: `data` at the L2TP header with ether_type 0, or at an inner IP
// packet of tunnel mode with its ether_type. In: the batch of esp_decrypt for this very burst.
void esp_verify(Burst& burst, const JobBatch& batch);

}  // namespace espgate::dataplane
