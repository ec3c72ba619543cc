// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/dataplane_end.h"
#include "dataplane/cycle_clock.h"
#include "dataplane/dpdk/buffer.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/ip_fragmenter.h"
#include "dataplane/dpdk/ip_reassembler.h"
#include "dataplane/gateway_path.h"
#include "dataplane/live/fabric.h"
#include "dataplane/live/idle.h"
#include "dataplane/token_bucket.h"
#include "dataplane/worker_events.h"

#include <array>
#include <atomic>
#include <memory>
#include <vector>

namespace espgate::dataplane::live {

// What all workers share, each for its own use of it.
struct Shared {
  const SaTable& sas;
  const SessionTable& clients;
  const OutboundTable& outbound;
  const RouteTable& routes;
  const NextHopTable& hops;
  Fabric& fabric;
  dpdk::Rcu& rcu;
  dpdk::BufferPool& pool;
  channel::DataplaneEnd& control;
  std::vector<dpdk::Port*> ports;  // index: our port id
  std::uint8_t outside_port = 0;
  std::uint8_t inside_port = 0;  // the same with one port for both sides
  OwnAddresses own;
  std::vector<wire::Ipv4Prefix> inside_prefixes;
  bool client_to_client = false;
  PrivateSide side;  // complete before the workers start
  const std::atomic<bool>& rates_in_use;
  unsigned workers = 1;
  config::Idle idle = config::Idle::poll;
  unsigned reassembly_datagrams = 256;
};

// One worker: takes bursts from its receive queues and from what others hand over, runs them through the
// path, and sends. Everything it counts and owns is written by its own thread only.
class Worker {
 public:
  [[nodiscard]] static tl::expected<std::unique_ptr<Worker>, std::string> create(
      Shared& shared, unsigned index, std::unique_ptr<crypto::Engine> engine, std::vector<RxQueue> queues);

  // The loop, on the worker's thread, until `stop`. While `pause` is set it touches neither ports nor tables.
  void run(const std::atomic<bool>& stop, const std::atomic<bool>& pause);

  [[nodiscard]] WorkerStats& stats() { return stats_; }
  [[nodiscard]] WorkerEvents& events() { return events_; }
  [[nodiscard]] const std::vector<RxQueue>& queues() const { return queues_; }
  [[nodiscard]] const crypto::Engine& engine() const { return *engine_; }
  [[nodiscard]] bool paused() const { return paused_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
  [[nodiscard]] std::uint64_t busy_rounds() const { return busy_rounds_; }
  [[nodiscard]] std::uint64_t icmp_withheld() const { return icmp_withheld_; }
  [[nodiscard]] bool uses_interrupts() const { return idle_.uses_interrupts(); }

 private:
  // Packets that take another way than their burst.
  struct Detour {
    std::array<void*, std::size_t{4} * max_burst> buffers;
    unsigned count = 0;
  };
  // Frames for one port.
  struct Outgoing {
    std::array<void*, max_burst> buffers;
    unsigned count = 0;
  };

  Worker(Shared& shared, unsigned index, std::unique_ptr<crypto::Engine> engine, std::vector<RxQueue> queues,
         std::unique_ptr<dpdk::IpReassembler> reassembler);
  [[nodiscard]] GatewayPath::Context path_context();

  unsigned round();
  unsigned receive(const RxQueue& from);
  unsigned take_handed_over();
  unsigned send_for_others();
  void housekeeping();

  // What became of a burst: worker_exits.cpp.
  void settle();
  void settle_punted(Packet& packet);
  void settle_dropped(Packet& packet);
  void explain(Packet& packet, DropReason reason);
  void take_detours();
  bool take_detour(Detour& detour, void (GatewayPath::*path)(Burst&));
  void detour(Detour& where, const Packet& packet, std::uint16_t next_hop);
  void answer(Packet& packet);
  void split(Packet& packet);
  void hand_over(const Packet& packet);
  void give_to_manager(const Packet& packet, Punt why);
  void give_to_control(const Packet& packet, channel::PacketKind kind);
  void on_icmp_from_outside(Packet& packet);
  void count_drop(DropReason reason, unsigned packets = 1) {
    stats_.drops[static_cast<std::size_t>(reason)] += packets;
  }

  // Sending: worker_tx.cpp.
  void queue_live();
  void flush_all();
  void flush(std::uint8_t port);
  void transmit(std::uint8_t port, std::uint16_t queue, std::span<void*> frames);

  Shared& shared_;
  unsigned index_;
  std::unique_ptr<crypto::Engine> engine_;
  std::vector<RxQueue> queues_;
  std::unique_ptr<dpdk::IpReassembler> reassembler_;
  dpdk::IpFragmenter fragmenter_;
  WorkerStats stats_;
  WorkerEvents events_;
  Idle idle_;
  GatewayPath path_;
  Burst burst_;
  Burst fragments_;
  Detour to_clients_;
  Detour own_;
  Detour from_inside_;
  std::vector<Outgoing> outgoing_;  // index: our port id
  channel::PacketRecord record_{};
  TokenBucket icmp_bucket_;
  TokenBucket unknown_spi_bucket_;
  std::uint64_t housekeeping_at_ = 0;
  std::uint64_t housekeeping_period_;
  std::uint64_t timed_out_ = 0;
  bool rang_ = false;  // the manager has something to do
  std::atomic<bool> paused_ = false;
  Counter rounds_;
  Counter busy_rounds_;
  Counter icmp_withheld_;
};

}  // namespace espgate::dataplane::live
