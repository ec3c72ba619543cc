// SPDX-License-Identifier: Apache-2.0
#include "bench/round.h"

#include <algorithm>

namespace espgate::bench {

double BurstTimes::cycles_per_packet() {
  const auto middle = cycles_.begin() + static_cast<std::ptrdiff_t>(cycles_.size() / 2);
  std::nth_element(cycles_.begin(), middle, cycles_.end());
  return static_cast<double>(*middle) / dataplane::max_burst;
}

Round::Round(Tunnels& tunnels, PacketSet& packets, std::size_t inner_offset)
    : tunnels_(tunnels),
      packets_(packets),
      inner_offset_(inner_offset),
      inner_(packets.count()),
      frames_(packets.count()),
      received_(packets.count()),
      recorder_(packets.count() / dataplane::max_burst) {
  for (std::uint32_t i = 0; i < packets.count(); ++i)
    inner_[i] = {packets.at(i, inner_offset), packets.size(i)};
}

void Round::fill() {
  packets_.draw_tunnels(tunnels_.count());
  packets_.fill(inner_offset_);
}

bool Round::time_stages(StageTimes& times) {
  stage_times_ = &times;
  stats_.stages = {};
  stats_.time_stages = true;
  const bool intact = path().has_value();
  stats_.time_stages = false;
  return intact;
}

void Round::take_stage_times() {
  for (std::size_t i = 0; i < stage_times_->size(); ++i)
    if (stats_.stages[i].bursts != 0) (*stage_times_)[i].add(stats_.stages[i].cycles);
  stats_.stages = {};
}

std::optional<double> Round::timed_jobs(crypto::Engine& engine, crypto::Direction direction) {
  BurstTimes times;
  times.reserve(recorder_.batches().size());
  std::size_t done = 0;
  for (const dataplane::JobBatch& recorded : recorder_.batches()) {
    dataplane::JobBatch batch = recorded;
    const std::span<crypto::Job> jobs(batch.jobs.data(), batch.count);
    const std::uint64_t start = fenced_cycles();
    if (direction == crypto::Direction::decrypt) {
      engine.decrypt(jobs);
    } else {
      engine.encrypt(jobs);
    }
    times.add(fenced_cycles() - start);
    done += static_cast<std::size_t>(
        std::count_if(jobs.begin(), jobs.end(), [](const auto& job) { return job.ok; }));
  }
  if (done != packets_.count()) return std::nullopt;
  return times.cycles_per_packet();
}

bool Round::complete(std::span<const Place> places) {
  return std::none_of(places.begin(), places.end(), [](const Place& place) { return place.data == nullptr; });
}

bool Round::intact(std::span<const Place> places) {
  if (damage_) packets_.damage(inner_offset_);
  return packets_.intact(places, inner_offset_);
}

}  // namespace espgate::bench
