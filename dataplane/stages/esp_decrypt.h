// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/job_batch.h"

namespace espgate::dataplane {

// Checks lengths against the suite and has the engine verify and decrypt the whole burst in one call. In:
// `sequence` set. Which packets passed is in the batch, for esp_verify; nothing else has changed by then.
void esp_decrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine);

}  // namespace espgate::dataplane
