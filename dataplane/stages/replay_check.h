// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/replay_window.h"

namespace espgate::dataplane {

// Refuses what the SA's window has seen, before any cryptography is spent on it; changes nothing (RFC 4303
// §3.4.3). Sets `sequence`. Fetches keys ahead of esp_decrypt.
void replay_check(Burst& burst);

// What a window's verdict means for a packet; not for `fresh`.
[[nodiscard]] DropReason replay_drop_reason(ReplayWindow::Verdict verdict);

}  // namespace espgate::dataplane
