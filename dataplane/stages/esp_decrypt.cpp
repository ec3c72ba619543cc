// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/esp_decrypt.h"

#include "dataplane/sa.h"
#include "wire/esp.h"

namespace espgate::dataplane {

void esp_decrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine) {
  unsigned count = 0;
  for (Packet& packet : burst.live()) {
    const InboundSa& sa = *packet.inbound_sa;
    const std::uint32_t overhead = std::uint32_t{sizeof(wire::EspHeader)} + sa.iv_bytes + sa.icv_bytes;
    // RFC 4303 §2.4: pad length and next header are always there.
    if (packet.length < overhead + 2) {
      burst.drop(packet, DropReason::esp_truncated);
      continue;
    }
    if (((packet.length - overhead) & sa.alignment_mask) != 0) {
      burst.drop(packet, DropReason::esp_misaligned);
      continue;
    }
    batch.jobs[count++] = crypto::Job{.key = sa.key,
                                      .esp = packet.data,
                                      .length = packet.length,
                                      .sequence_high = static_cast<std::uint32_t>(packet.sequence >> 32),
                                      .suite = sa.suite,
                                      .esn = sa.esn,
                                      .ok = false};
  }
  batch.count = count;
  engine.decrypt({batch.jobs.data(), count});
}

}  // namespace espgate::dataplane
