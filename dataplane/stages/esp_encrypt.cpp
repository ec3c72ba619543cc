// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/esp_encrypt.h"

#include "dataplane/sa.h"

namespace espgate::dataplane {

void esp_encrypt(Burst& burst, JobBatch& batch, crypto::Engine& engine) {
  batch.count = 0;
  for (const Packet& packet : burst.live()) batch.add(packet, *packet.outbound_sa);
  engine.encrypt(batch.all());
}

}  // namespace espgate::dataplane
