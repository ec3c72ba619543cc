// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/worker.h"

#include "dataplane/run_stage.h"

#include <thread>

namespace espgate::dataplane::live {
namespace {

// ICMP that we send of our own accord: this many a second and worker, and as many at once (RFC 1812
// §4.3.2.8).
constexpr unsigned icmp_per_second = 200;
constexpr unsigned icmp_at_once = 50;
// Unknown SPIs that control is told of: anybody can send them, and as fast as the link carries.
constexpr unsigned unknown_spis_per_second = 100;

std::uint64_t cycles_of(double seconds) { return static_cast<std::uint64_t>(cycles_per_second() * seconds); }

}  // namespace

tl::expected<std::unique_ptr<Worker>, std::string> Worker::create(Shared& shared, unsigned index,
                                                                  std::unique_ptr<crypto::Engine> engine,
                                                                  std::vector<RxQueue> queues) {
  auto reassembler = dpdk::IpReassembler::create(shared.pool, shared.reassembly_datagrams);
  if (!reassembler) return tl::unexpected(reassembler.error());
  return std::unique_ptr<Worker>(
      new Worker(shared, index, std::move(engine), std::move(queues), std::move(*reassembler)));
}

Worker::Worker(Shared& shared, unsigned index, std::unique_ptr<crypto::Engine> engine,
               std::vector<RxQueue> queues, std::unique_ptr<dpdk::IpReassembler> reassembler)
    : shared_(shared),
      index_(index),
      engine_(std::move(engine)),
      queues_(std::move(queues)),
      reassembler_(std::move(reassembler)),
      fragmenter_(shared.pool),
      idle_(shared.idle, queues_, shared.rcu, index),
      path_(path_context()),
      outgoing_(shared.ports.size()),
      icmp_bucket_(cycles_of(1.0 / icmp_per_second), icmp_at_once),
      unknown_spi_bucket_(cycles_of(1.0 / unknown_spis_per_second), unknown_spis_per_second),
      housekeeping_period_(cycles_of(0.01)) {}

GatewayPath::Context Worker::path_context() {
  return {.sas = shared_.sas,
          .clients = shared_.clients,
          .routes = shared_.routes,
          .hops = shared_.hops,
          .engine = *engine_,
          .stats = stats_,
          .reassembler = reassembler_.get(),
          .own = shared_.own,
          .outside_mac = shared_.ports[shared_.outside_port]->mac(),
          .inside_mac = shared_.ports[shared_.inside_port]->mac(),
          .inside_prefixes = shared_.inside_prefixes,
          .client_to_client = shared_.client_to_client,
          .side = &shared_.side,
          .worker = static_cast<std::uint8_t>(index_),
          .alone = shared_.workers == 1,
          .outbound = &shared_.outbound,
          .track = {.progress = shared_.control.progress(), .events = &events_},
          .rates_in_use = &shared_.rates_in_use};
}

void Worker::run(const std::atomic<bool>& stop, const std::atomic<bool>& pause) {
  idle_.start();
  shared_.rcu.online(index_);
  while (!stop.load(std::memory_order_relaxed)) {
    if (pause.load(std::memory_order_relaxed)) [[unlikely]] {
      shared_.rcu.offline(index_);
      paused_.store(true, std::memory_order_release);
      while (pause.load(std::memory_order_relaxed)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      paused_.store(false, std::memory_order_release);
      shared_.rcu.online(index_);
    }
    const unsigned work = round();
    ++rounds_;
    if (work != 0) ++busy_rounds_;
    shared_.rcu.quiescent(index_);
    if (rang_) {
      shared_.fabric.manager_bell().ring();
      rang_ = false;
    }
    idle_.after_round(work);
  }
  reassembler_->flush();
  shared_.rcu.offline(index_);
}

unsigned Worker::round() {
  unsigned work = 0;
  for (const RxQueue& queue : queues_) work += receive(queue);
  // Alone, nobody hands over but the manager, whose packets are few and can wait while traffic is dense: each
  // ring that is asked in vain costs as much as a stage of a packet.
  if (shared_.workers > 1 || work < max_burst / 2 || (rounds_ & 7) == 0) {
    work += take_handed_over();
    work += send_for_others();
  }
  housekeeping();
  return work;
}

unsigned Worker::receive(const RxQueue& from) {
  run_stage(Stage::rx, burst_, stats_, [&] { from.port->receive(from.queue, burst_); });
  const unsigned count = burst_.count();
  if (count == 0) return 0;
  if (from.port->id() == shared_.outside_port)
    path_.from_outside(burst_);
  else
    path_.from_inside(burst_);
  settle();
  take_detours();
  flush_all();
  return count;
}

unsigned Worker::take_handed_over() {
  unsigned work = 0;
  const auto take = [&](dpdk::BufferRing& ring, void (GatewayPath::*path)(Burst&)) {
    std::array<void*, max_burst> buffers;
    const unsigned count = ring.pop(buffers);
    if (count == 0) return;
    burst_.reset(count);
    for (unsigned i = 0; i < count; ++i) {
      (void)dpdk::adopt(burst_, i, buffers[i]);
      burst_[i].ether_type = burst_[i].outer == nullptr ? wire::ether_type_ipv4 : 0;
    }
    (path_.*path)(burst_);
    settle();
    work += count;
  };
  take(shared_.fabric.inbound(index_), &GatewayPath::from_handover);
  take(shared_.fabric.outbound(index_), &GatewayPath::to_clients);
  take(shared_.fabric.control(index_), &GatewayPath::from_control);
  if (work == 0) return 0;
  take_detours();
  flush_all();
  return work;
}

// Ten milliseconds are good enough for everything here.
void Worker::housekeeping() {
  const std::uint64_t now = read_cycles();
  if (now < housekeeping_at_) [[likely]]
    return;
  housekeeping_at_ = now + housekeeping_period_;
  reassembler_->set_time(static_cast<std::uint64_t>(static_cast<double>(now) / cycles_per_second() * 1e9));
  count_drop(DropReason::fragment_timeout, static_cast<unsigned>(reassembler_->timed_out() - timed_out_));
  timed_out_ = reassembler_->timed_out();
}

}  // namespace espgate::dataplane::live
