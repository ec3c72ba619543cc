// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "dataplane/replay/pace.h"
#include "wire/ethernet.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::replay {

struct SendOptions {
  std::string input;
  std::string device;  // any DPDK device: "net_af_packet0,iface=c0", "0000:00:06.0"
  Pace pace;
  std::uint64_t loops = 1;
  std::optional<wire::MacAddress> to;     // destination of every frame; without it the capture's own
  std::vector<std::uint32_t> answer_arp;  // IPv4 addresses (host order) that the port says it has
  double wait_seconds = 1;                // for what comes back behind the last frame
  std::string output;                     // what came back; empty: not kept
  std::string key_file;                   // tells which SAs of what came back could be decrypted
  bool json = false;
};

// `espgate-replay send`: transmits a capture by a port and reports what comes back, so that a gateway can be
// tested on the wire. Frames that the port does not take at once are offered again: nothing is left out.
[[nodiscard]] Expected<void> run_send(const SendOptions& options);

}  // namespace espgate::replay
