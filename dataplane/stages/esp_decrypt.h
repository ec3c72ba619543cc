// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/packet.h"

#include <array>

namespace espgate::dataplane {

// The cryptographic jobs of one burst: job i belongs to the i-th live packet.
struct JobBatch {
  std::array<crypto::Job, max_burst> jobs;
  unsigned count = 0;
};
static_assert(max_burst <= crypto::max_batch);

// Checks lengths against the suite and has the engine verify and decrypt the whole burst in one call. In:
// `sequence` set. Which packets passed is in the batch, for esp_verify; nothing else has changed by then.
void esp_decrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine);

}  // namespace espgate::dataplane
