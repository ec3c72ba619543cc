// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/worker_stats.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace espgate::dataplane::live {

// Lets several look behind the stages of each worker at once. The manager's; workers only see whole lists.
class Observers {
 public:
  // `of`: what each worker counts, and wherever else stages are run; must outlive this. `synchronize` waits
  // until no worker is behind a stage with what it saw before.
  Observers(std::vector<WorkerStats*> of, std::function<void()> synchronize);
  ~Observers();

  // `observer` sees what worker `index` does from now on, until it is removed.
  void add(std::size_t index, StageObserver& observer);
  // Nobody calls it any more when this returns.
  void remove(std::size_t index, StageObserver& observer);

  [[nodiscard]] std::size_t count() const { return stats_.size(); }

 private:
  class List;
  void replace(std::size_t index, std::unique_ptr<List> list);

  std::vector<WorkerStats*> stats_;
  std::function<void()> synchronize_;
  std::vector<std::unique_ptr<List>> lists_;
};

// Times the stages as long as somebody wants it. The manager's.
class StageTiming {
 public:
  explicit StageTiming(std::vector<WorkerStats*> of) : stats_(std::move(of)) {}

  void begin() { set(++users_ != 0); }
  void end() { set(--users_ != 0); }

 private:
  void set(bool on) {
    for (WorkerStats* each : stats_) each->time_stages.store(on, std::memory_order_relaxed);
  }

  std::vector<WorkerStats*> stats_;
  unsigned users_ = 0;
};

}  // namespace espgate::dataplane::live
