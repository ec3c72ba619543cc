// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/tunnel.h"
#include "crypto/engine.h"
#include "dataplane/job_batch.h"
#include "dataplane/packet.h"
#include "dataplane/worker_stats.h"

#include <array>
#include <cstdint>

namespace espgate::client {

// Inner IP packets and their bytes, one way.
struct Traffic {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

// The client's side of the path: the gateway's own stages between inner IP packets and the payloads of UDP
// datagrams. What lies around them, a TUN device and a socket, is elsewhere. One thread.
class DataPath {
 public:
  // Both must outlive the path.
  DataPath(crypto::Engine& engine, Tunnel& tunnel) : engine_(engine), tunnel_(&tunnel) {}
  DataPath(const DataPath&) = delete;
  DataPath& operator=(const DataPath&) = delete;

  // For bursts from now on: one path may serve many tunnels in turn.
  void use(Tunnel& tunnel) { tunnel_ = &tunnel; }

  // Inner to outer. In: `data` at the inner IPv4 header, ether_type, headroom and tailroom set. What is live
  // afterwards has `data` at the ESP header and is the payload of one datagram.
  void encapsulate(dataplane::Burst& burst);
  // The same for what L2TP and PPP have to say themselves. In: `data` at the UDP header between udp/1701.
  void encapsulate_control(dataplane::Burst& burst);
  // Outer to inner. In: `data` at the UDP payload. What is live afterwards has `data` at an inner IPv4 packet
  // whose lengths agree; keepalives, IKE and control messages have been punted.
  void decapsulate(dataplane::Burst& burst);

  // To be called once a burst when it has gone where it goes: what is live counts as passed on, the rest by
  // its reason.
  void count_sent(dataplane::Burst& burst);
  void count_received(dataplane::Burst& burst);

  [[nodiscard]] const Traffic& sent() const { return sent_; }
  [[nodiscard]] const Traffic& received() const { return received_; }
  [[nodiscard]] const dataplane::WorkerStats& stats() const { return stats_; }

 private:
  crypto::Engine& engine_;
  Tunnel* tunnel_;
  dataplane::JobBatch jobs_;
  std::array<std::uint32_t, dataplane::max_burst> inner_bytes_{};  // of the burst on its way out
  Traffic sent_;
  Traffic received_;
  dataplane::WorkerStats stats_;
};

}  // namespace espgate::client
