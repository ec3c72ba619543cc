// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/counter.h"
#include "dataplane/drop_reason.h"
#include "dataplane/packet.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace espgate::dataplane {

// The stages in the order of the path, inbound then outbound.
enum class Stage : std::uint8_t {
  rx,
  link_pull,
  side_split,
  classify,
  sa_lookup,
  owner_check,
  replay_check,
  esp_decrypt,
  esp_verify,
  peer_track,
  l2tp_pull,
  ppp_pull,
  ip_input,
  rate_limit,
  ip_local,
  ip_forward,
  mss_clamp,
  mtu_check,
  inside_input,
  session_lookup,
  control_push,
  ppp_l2tp_push,
  esp_push,
  esp_encrypt,
  outer_push,
  outer_route,
  link_push,
  tx,
};
inline constexpr std::array<std::string_view, 28> stage_names = {
    "rx",           "link_pull",     "side_split",  "classify",     "sa_lookup",
    "owner_check",  "replay_check",  "esp_decrypt", "esp_verify",   "peer_track",
    "l2tp_pull",    "ppp_pull",      "ip_input",    "rate_limit",   "ip_local",
    "ip_forward",   "mss_clamp",     "mtu_check",   "inside_input", "session_lookup",
    "control_push", "ppp_l2tp_push", "esp_push",    "esp_encrypt",  "outer_push",
    "outer_route",  "link_push",     "tx",
};

struct StageStats {
  Counter bursts;
  Counter packets;  // live when the stage began; of rx, those that came
  Counter cycles;   // of the time stamp counter
};

// Somebody who looks at every burst behind every stage: a trace, a capture.
class StageObserver {
 public:
  virtual ~StageObserver() = default;
  virtual void after(Stage stage, Burst& burst) noexcept = 0;
};

// What one worker counts. Only its own thread writes the counters; nothing here is shared on the packet path.
struct WorkerStats {
  std::array<Counter, drop_reason_count> drops{};
  std::array<Counter, punt_count> punts{};
  std::array<StageStats, stage_names.size()> stages{};
  // Set by whoever asks for them, at any time.
  std::atomic<bool> time_stages = false;  // two counter reads a stage and burst, when on
  std::atomic<StageObserver*> observer = nullptr;

  void count_exits(Burst& burst) {
    for (const Packet& packet : burst.dropped()) ++drops[static_cast<std::size_t>(burst.drop_reason(packet))];
    for (const Packet& packet : burst.punted()) ++punts[static_cast<std::size_t>(burst.punt_reason(packet))];
  }
};

}  // namespace espgate::dataplane
