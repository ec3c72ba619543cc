// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/observers.h"

#include <algorithm>

namespace espgate::dataplane::live {

// Those of one worker, called one after the other; never changed once a worker may see it.
class Observers::List final : public StageObserver {
 public:
  void after(Stage stage, Burst& burst) noexcept override {
    for (StageObserver* each : all) each->after(stage, burst);
  }

  std::vector<StageObserver*> all;
};

Observers::Observers(std::vector<WorkerStats*> of, std::function<void()> synchronize)
    : stats_(std::move(of)), synchronize_(std::move(synchronize)), lists_(stats_.size()) {}

Observers::~Observers() {
  for (std::size_t index = 0; index < lists_.size(); ++index)
    if (lists_[index]) replace(index, nullptr);
}

void Observers::add(std::size_t index, StageObserver& observer) {
  auto list = std::make_unique<List>();
  if (lists_[index]) list->all = lists_[index]->all;
  list->all.push_back(&observer);
  replace(index, std::move(list));
}

void Observers::remove(std::size_t index, StageObserver& observer) {
  auto list = std::make_unique<List>();
  if (lists_[index]) list->all = lists_[index]->all;
  std::erase(list->all, &observer);
  if (list->all.empty()) list.reset();
  replace(index, std::move(list));
}

void Observers::replace(std::size_t index, std::unique_ptr<List> list) {
  stats_[index]->observer.store(list.get(), std::memory_order_release);
  synchronize_();
  lists_[index] = std::move(list);
}

}  // namespace espgate::dataplane::live
