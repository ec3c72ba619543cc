// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/replay_check.h"

#include "dataplane/sa.h"
#include "wire/big_endian.h"

#include <atomic>

namespace espgate::dataplane {

DropReason replay_drop_reason(ReplayWindow::Verdict verdict) {
  switch (verdict) {
    case ReplayWindow::Verdict::zero:
      return DropReason::esp_sequence_zero;
    case ReplayWindow::Verdict::too_old:
      return DropReason::esp_too_old;
    case ReplayWindow::Verdict::seen:
    case ReplayWindow::Verdict::fresh:
      break;
  }
  return DropReason::esp_replayed;
}

void replay_check(Burst& burst) {
  const std::byte* last_key = nullptr;
  for (Packet& packet : burst.live()) {
    InboundSa& sa = *packet.inbound_sa;
    const auto low = wire::load_big_endian<std::uint32_t>(packet.data + sizeof(std::uint32_t));
    packet.sequence = sa.esn ? sa.window.extend(low) : low;
    const auto verdict = sa.window.check(packet.sequence);
    if (verdict != ReplayWindow::Verdict::fresh && !sa.ignore_replay) {
      burst.drop(packet, replay_drop_reason(verdict));
      continue;
    }
    if (sa.hot_key.start != last_key) sa.hot_key.prefetch_to_l2();
    last_key = sa.hot_key.start;
    // The manager corrects it when it retires the session.
    prefetch(std::atomic_ref(sa.last_session).load(std::memory_order_relaxed));
  }
}

}  // namespace espgate::dataplane
