// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/job_batch.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// Has the engine encrypt and authenticate the whole burst in one call.
void esp_encrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine);

}  // namespace espgate::dataplane
