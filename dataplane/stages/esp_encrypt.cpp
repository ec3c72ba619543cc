// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/esp_encrypt.h"

#include "dataplane/sa.h"

namespace espgate::dataplane {

void esp_encrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine) {
  unsigned count = 0;
  for (const Packet& packet : burst.live()) {
    const OutboundSa& sa = *packet.outbound_sa;
    batch.jobs[count++] = crypto::Job{.key = sa.key,
                                      .esp = packet.data,
                                      .length = packet.length,
                                      .sequence_high = static_cast<std::uint32_t>(packet.sequence >> 32),
                                      .suite = sa.suite,
                                      .esn = sa.esn,
                                      .ok = false};
  }
  batch.count = count;
  engine.encrypt({batch.jobs.data(), count});
}

}  // namespace espgate::dataplane
