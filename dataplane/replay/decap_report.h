// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/replay/observer.h"
#include "dataplane/replay/sa_store.h"
#include "dataplane/worker_stats.h"

#include <cstdint>
#include <string>

namespace espgate::replay {

// What one run of decap counted.
struct DecapTotals {
  std::uint64_t packets = 0;     // frames that went in; every round of a loop counts
  std::uint64_t cut = 0;         // of these, shortened by the capture's snap length
  std::uint64_t no_network = 0;  // of these, with a link header that told of no network layer
  std::uint64_t inner = 0;
  std::uint64_t inner_bytes = 0;
  std::uint64_t rounds = 0;
  std::uint64_t cycles = 0;  // in the stages, nothing else
  std::uint64_t timed_out_fragments = 0;
};

struct DecapReport {
  const DecapTotals& totals;
  const dataplane::WorkerStats& stats;
  const SaStore& store;
  const Observer& observer;
  const crypto::Engine& engine;
  bool replay_ignored;

  // ESP packets, whatever became of them.
  [[nodiscard]] std::uint64_t esp() const;
  // For people: tables of peers, SAs, sessions, flows and drops.
  [[nodiscard]] std::string text() const;
  // One JSON object; docs/replay.md describes it.
  [[nodiscard]] std::string json() const;
};

}  // namespace espgate::replay
