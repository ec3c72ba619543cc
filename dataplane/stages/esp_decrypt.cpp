// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/esp_decrypt.h"

#include "dataplane/sa.h"
#include "wire/esp.h"

namespace espgate::dataplane {

void esp_decrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine) {
  batch.count = 0;
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
    batch.add(packet, sa);
  }
  engine.decrypt(batch.all());
}

}  // namespace espgate::dataplane
