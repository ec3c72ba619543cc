// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/job_batch.h"
#include "dataplane/packet.h"
#include "dataplane/reassembler.h"
#include "dataplane/sa_table.h"
#include "dataplane/session_table.h"
#include "dataplane/worker_stats.h"

namespace espgate::dataplane {

// The stages in order, both ways, for one worker, without what only a gateway on the wire does
// (gateway_path.h). Everything referred to must outlive it. Nothing here allocates, locks, logs, calls the
// system or throws.
class InboundPath {
 public:
  struct Context {
    const SaTable& sas;
    crypto::Engine& engine;
    WorkerStats& stats;
    Reassembler* reassembler = nullptr;  // nullptr: outer fragments are dropped
    bool both_directions = false;        // see ClassifyContext
  };

  explicit InboundPath(const Context& context) : context_(context) {}

  // From the wire to inner IP packets. In: `data` at the Ethernet header. What is live afterwards has `data`
  // at the inner IP header; exits are counted.
  void run(Burst& burst);
  // The same for captures without Ethernet: `data` is at the network header and ether_type is set.
  void run_from_network_layer(Burst& burst);

 private:
  void run_esp(Burst& burst);

  Context context_;
  JobBatch jobs_;
};

class OutboundPath {
 public:
  struct Context {
    const SessionTable* sessions;  // nullptr: the caller sets `session` and `outbound_sa` itself
    crypto::Engine& engine;
    WorkerStats& stats;
  };

  explicit OutboundPath(const Context& context) : context_(context) {}

  // From inner IP packets to what goes on the wire. In: `data` at the inner IP header, ether_type, headroom
  // and tailroom set. What is live afterwards has `data` at the link (or outer IP) header; exits are counted.
  void run(Burst& burst);

 private:
  Context context_;
  JobBatch jobs_;
};

}  // namespace espgate::dataplane
