// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/worker.h"
#include "dataplane/run_stage.h"

#include <array>
#include <bit>

namespace espgate::dataplane::live {

// The live packets of the burst are frames now: each goes to the port of its next hop.
void Worker::queue_live() {
  std::array<std::uint64_t, NextHopTable::max_ports> frames{};
  for (const Packet& packet : burst_.live())
    frames[NextHop::port_of(shared_.hops.word(packet.next_hop))] |= std::uint64_t{1}
                                                                    << burst_.index_of(packet);
  for (const dpdk::Port* port : shared_.ports) {
    const std::uint64_t mine = frames[port->id()];
    if (mine == 0) continue;
    const auto count = static_cast<unsigned>(std::popcount(mine));
    Outgoing& outgoing = outgoing_[port->id()];
    if (outgoing.count + count > outgoing.buffers.size()) flush(port->id());
    dpdk::detach_frames(burst_, mine, outgoing.buffers.data() + outgoing.count);
    outgoing.count += count;
  }
}

void Worker::flush_all() {
  for (const dpdk::Port* port : shared_.ports) flush(port->id());
}

void Worker::flush(std::uint8_t port) {
  Outgoing& outgoing = outgoing_[port];
  if (outgoing.count == 0) return;
  const std::span<void*> frames(outgoing.buffers.data(), outgoing.count);
  outgoing.count = 0;
  const unsigned queues = shared_.ports[port]->tx_queues();
  if (index_ < queues) return transmit(port, static_cast<std::uint16_t>(index_), frames);
  const unsigned taken = shared_.fabric.tx(port, index_ % queues).push(frames);
  count_drop(DropReason::tx_full, static_cast<unsigned>(frames.size()) - taken);
  dpdk::release(frames.subspan(taken));
}

void Worker::transmit(std::uint8_t port, std::uint16_t queue, std::span<void*> frames) {
  StageStats& counters = stats_.stages[static_cast<std::size_t>(Stage::tx)];
  const bool timed = stats_.time_stages.load(std::memory_order_relaxed);
  const std::uint64_t start = timed ? read_cycles() : 0;
  const unsigned taken = shared_.ports[port]->transmit(queue, frames);
  if (timed) {
    counters.cycles += read_cycles() - start;
    counters.packets += taken;
    ++counters.bursts;
  }
  if (taken == frames.size()) return;
  count_drop(DropReason::tx_full, static_cast<unsigned>(frames.size()) - taken);
  dpdk::release(frames.subspan(taken));
}

unsigned Worker::send_for_others() {
  unsigned sent = 0;
  for (const dpdk::Port* port : shared_.ports) {
    if (index_ >= port->tx_queues()) continue;
    std::array<void*, max_burst> frames;
    const unsigned count = shared_.fabric.tx(port->id(), index_).pop(frames);
    if (count != 0) transmit(port->id(), static_cast<std::uint16_t>(index_), {frames.data(), count});
    sent += count;
  }
  return sent;
}

}  // namespace espgate::dataplane::live
