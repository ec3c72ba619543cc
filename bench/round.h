// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/job_recorder.h"
#include "bench/packet_set.h"
#include "bench/tunnels.h"
#include "dataplane/cycle_clock.h"
#include "dataplane/worker_stats.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace espgate::bench {

// The counter, once everything before is done and before anything after begins: a burst is charged with all
// its misses.
[[nodiscard]] inline std::uint64_t fenced_cycles() {
#if defined(__x86_64__)
  _mm_lfence();
  const std::uint64_t now = dataplane::read_cycles();
  _mm_lfence();
  return now;
#else
  return dataplane::read_cycles();
#endif
}

// Cycles per packet: the median of bursts, so that a burst during which the kernel or the hypervisor took the
// CPU away does not count.
class BurstTimes {
 public:
  void reserve(std::size_t bursts) { cycles_.reserve(bursts); }
  void add(std::uint64_t cycles) { cycles_.push_back(cycles); }
  [[nodiscard]] bool empty() const { return cycles_.empty(); }
  [[nodiscard]] double cycles_per_packet();

 private:
  std::vector<std::uint64_t> cycles_;
};
using StageTimes = std::array<BurstTimes, dataplane::stage_names.size()>;

enum class Way : std::uint8_t { inbound, outbound };

// Measures one direction. A round draws tunnels, makes fresh packets with new sequence numbers in every
// buffer, times a pass over all of them burst by burst, and compares all bytes that came out with what went
// in; only the pass is timed.
class Round {
 public:
  Round(Tunnels& tunnels, PacketSet& packets, std::size_t inner_offset);
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;
  virtual ~Round() = default;

  // Cycles per packet of the whole path. nullopt: a packet was missing or had changed.
  [[nodiscard]] virtual std::optional<double> path() = 0;
  // Cycles per packet of the engine calls that such a pass makes, and of nothing else.
  [[nodiscard]] virtual std::optional<double> crypto() = 0;

  // Times each stage of one more pass of the path: apart from path(), as that costs something. false: a
  // packet was missing or had changed.
  [[nodiscard]] bool time_stages(StageTimes& times);
  // Has each round change a byte before it compares.
  void damage_packets() { damage_ = true; }

 protected:
  void fill();
  // Runs all packets from `from` through the path and returns the cycles per packet; what came out is in
  // `to`.
  template <typename Path>
  double pass(Path& path, std::span<const Place> from, std::span<Place> to) {
    BurstTimes times;
    times.reserve(packets_.count() / dataplane::max_burst);
    for (std::uint32_t first = 0; first < packets_.count(); first += dataplane::max_burst) {
      load(burst_, from, first);
      const std::uint64_t start = fenced_cycles();
      path.run(burst_);
      times.add(fenced_cycles() - start);
      store(burst_, to, first);
      if (stats_.time_stages) take_stage_times();
    }
    return times.cycles_per_packet();
  }
  // Makes the recorded calls. nullopt: one failed, or they are not one for each packet.
  [[nodiscard]] std::optional<double> timed_jobs(crypto::Engine& engine, crypto::Direction direction);
  // Whether every packet is there, respectively is there and unchanged.
  [[nodiscard]] static bool complete(std::span<const Place> places);
  [[nodiscard]] bool intact(std::span<const Place> places);

  Tunnels& tunnels_;
  PacketSet& packets_;
  std::size_t inner_offset_;
  std::vector<Place> inner_;   // where fill() puts the inner packets
  std::vector<Place> frames_;  // what the sender made of them
  std::vector<Place> received_;
  JobRecorder recorder_;
  dataplane::WorkerStats stats_;        // of the path that is measured
  dataplane::WorkerStats other_stats_;  // of everything that is not measured

 private:
  void take_stage_times();

  StageTimes* stage_times_ = nullptr;
  bool damage_ = false;
  dataplane::Burst burst_;
};

[[nodiscard]] std::unique_ptr<Round> make_inbound_round(Tunnels& tunnels, PacketSet& packets);
[[nodiscard]] std::unique_ptr<Round> make_outbound_round(Tunnels& tunnels, PacketSet& packets);

}  // namespace espgate::bench
