// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/pace.h"
#include "dataplane/replay/packet_filter.h"

#include <cstdint>
#include <optional>
#include <string>

namespace espgate::replay {

struct DecapOptions {
  std::string input;
  std::string key_file;
  std::string output;  // empty: nothing is written
  crypto::EngineChoice engine = crypto::EngineChoice::automatic;
  std::uint32_t window_packets = 1024;
  std::uint64_t loops = 1;
  double duration_seconds = 0;  // 0: as many rounds as `loops` says
  Pace pace;
  std::optional<PacketFilter> filter;
  bool json = false;

  // The same packets come more than once, so the replay window's verdict can't count.
  [[nodiscard]] bool repeats() const { return loops > 1 || duration_seconds > 0; }
};

// `espgate-replay decap`: a capture's ESP through the inbound stages, inner packets into a file, what
// happened onto standard output. An input that breaks off is worked up to where it does; its error comes
// afterwards.
[[nodiscard]] Expected<void> run_decap(const DecapOptions& options);

}  // namespace espgate::replay
