// SPDX-License-Identifier: Apache-2.0
// perf: what each stage costs, measured for a while.
#include "dataplane/cycle_clock.h"
#include "dataplane/live/gateway.h"
#include "dataplane/live/streams.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

constexpr double most_seconds = 3600;

struct Cost {
  std::uint64_t bursts = 0, packets = 0, cycles = 0;
};
using StageCosts = std::array<Cost, stage_names.size()>;

StageCosts costs_of(const WorkerStats& stats) {
  StageCosts costs;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const StageStats& stage = stats.stages.at(i);
    costs.at(i) = {stage.bursts, stage.packets, stage.cycles};
  }
  return costs;
}

json stages_json(const StageCosts& before, const StageCosts& after) {
  json stages = json::array();
  for (std::size_t i = 0; i < after.size(); ++i) {
    const std::uint64_t bursts = after.at(i).bursts - before.at(i).bursts;
    if (bursts == 0) continue;
    stages.push_back({{"stage", stage_names.at(i)},
                      {"bursts", bursts},
                      {"packets", after.at(i).packets - before.at(i).packets},
                      {"cycles", after.at(i).cycles - before.at(i).cycles}});
  }
  return stages;
}

class PerfStream final : public Stream {
 public:
  PerfStream(const StreamContext& context, double seconds)
      : gateway_(context.gateway),
        timing_(context.timing),
        client_(context.client),
        began_cycles_(read_cycles()),
        end_at_(context.now_nanoseconds + static_cast<std::uint64_t>(seconds * 1e9)) {
    for (const auto& worker : gateway_.workers) {
      before_.push_back(costs_of(worker->stats()));
      rounds_before_.push_back({worker->rounds(), worker->busy_rounds()});
    }
    timing_.begin();
  }
  PerfStream(const PerfStream&) = delete;
  PerfStream& operator=(const PerfStream&) = delete;
  ~PerfStream() override { stop(); }

  bool step(std::uint64_t now) override {
    if (now < end_at_) return client_.is_there();
    stop();
    client_.send({{"end", result()}});
    return false;
  }
  void end() override { end_at_ = 0; }
  [[nodiscard]] channel::JsonServer::ClientId client() const override { return client_.id(); }

 private:
  struct Rounds {
    std::uint64_t all, busy;
  };

  void stop() {
    if (!std::exchange(stopped_, true)) timing_.end();
  }

  [[nodiscard]] json result() const {
    const std::uint64_t cycles = read_cycles() - began_cycles_;
    json workers = json::array();
    for (std::size_t i = 0; i < gateway_.workers.size(); ++i) {
      Worker& worker = *gateway_.workers[i];
      workers.push_back({{"worker", i},
                         {"core", gateway_.sizing.eal.worker_cores.at(i)},
                         {"rounds", worker.rounds() - rounds_before_[i].all},
                         {"busy_rounds", worker.busy_rounds() - rounds_before_[i].busy},
                         {"stages", stages_json(before_[i], costs_of(worker.stats()))}});
    }
    return {{"seconds", static_cast<double>(cycles) / cycles_per_second()},
            {"cycles", cycles},
            {"cycles_per_second", cycles_per_second()},
            {"workers", workers}};
  }

  Gateway& gateway_;
  StageTiming& timing_;
  StreamClient client_;
  std::vector<StageCosts> before_;
  std::vector<Rounds> rounds_before_;
  std::uint64_t began_cycles_;
  std::uint64_t end_at_;
  bool stopped_ = false;
};

}  // namespace

StartedOrError start_perf(const StreamContext& context, const json& request) {
  const double seconds = request.value("seconds", 1.0);
  if (seconds <= 0 || seconds > most_seconds)
    return tl::unexpected(std::string("seconds: more than 0, up to 3600"));
  return StartedStream{std::make_unique<PerfStream>(context, seconds), {{"seconds", seconds}}};
}

}  // namespace espgate::dataplane::live
