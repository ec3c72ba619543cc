// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/replay/encap_clients.h"
#include "dataplane/replay/encap_options.h"
#include "dataplane/worker_stats.h"

#include <cstdint>
#include <string>

namespace espgate::replay {

// What one run of encap counted. packets = not_ip + encapsulated + all drops.
struct EncapTotals {
  std::uint64_t packets = 0;  // frames that came; every round of a loop counts
  std::uint64_t not_ip = 0;   // of these, skipped: ARP and the like
  std::uint64_t encapsulated = 0;
  std::uint64_t inner_bytes = 0;  // of the encapsulated packets
  std::uint64_t outer_bytes = 0;  // of what they became, from the outer IP header on
  std::uint64_t rounds = 0;
  std::uint64_t cycles = 0;  // in the stages, nothing else
};

struct EncapReport {
  const EncapOptions& options;
  const EncapTotals& totals;
  const dataplane::WorkerStats& stats;
  const EncapClients& clients;
  const crypto::Engine& engine;

  // For people: tables of SAs and drops.
  [[nodiscard]] std::string text() const;
  // One JSON object; docs/replay.md describes it.
  [[nodiscard]] std::string json() const;
};

}  // namespace espgate::replay
