// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/observers.h"

#include "dataplane/live/slot_ring.h"
#include "dataplane/run_stage.h"

#include <thread>

#include <gtest/gtest.h>

namespace espgate::dataplane::live {
namespace {

class Counting final : public StageObserver {
 public:
  void after(Stage stage, Burst&) noexcept override { stages.push_back(stage); }
  std::vector<Stage> stages;
};

class ObserversTest : public testing::Test {
 protected:
  void run(std::size_t worker, Stage stage) {
    Burst burst;
    burst.reset(0);
    run_stage(stage, burst, stats_.at(worker), [] {});
  }

  std::array<WorkerStats, 2> stats_;
  unsigned waits_ = 0;
  Observers observers_{{&stats_[0], &stats_[1]}, [this] { ++waits_; }};
};

TEST_F(ObserversTest, several_see_the_same_worker_and_none_another) {
  Counting a, b;
  observers_.add(0, a);
  observers_.add(0, b);
  run(0, Stage::classify);
  run(1, Stage::rx);
  EXPECT_EQ(a.stages, std::vector{Stage::classify});
  EXPECT_EQ(b.stages, std::vector{Stage::classify});
  observers_.remove(0, a);
  run(0, Stage::tx);
  EXPECT_EQ(a.stages.size(), 1u);
  EXPECT_EQ(b.stages.size(), 2u);
}

TEST_F(ObserversTest, when_the_last_one_goes_the_worker_has_none_and_nobody_still_uses_it) {
  Counting a;
  observers_.add(1, a);
  EXPECT_NE(stats_[1].observer.load(), nullptr);
  const unsigned waits = waits_;
  observers_.remove(1, a);
  EXPECT_EQ(stats_[1].observer.load(), nullptr);
  EXPECT_GT(waits_, waits);
}

TEST(StageTiming, is_on_as_long_as_anybody_wants_it) {
  WorkerStats stats;
  StageTiming timing({&stats});
  timing.begin();
  timing.begin();
  timing.end();
  EXPECT_TRUE(stats.time_stages);
  timing.end();
  EXPECT_FALSE(stats.time_stages);
}

TEST(StageTiming, counts_what_rx_brought_and_no_empty_polls) {
  WorkerStats stats;
  stats.time_stages = true;
  Burst burst;
  burst.reset(5);  // what is left of the burst before
  run_stage(Stage::rx, burst, stats, [&] { burst.reset(0); });
  run_stage(Stage::rx, burst, stats, [&] { burst.reset(3); });
  const StageStats& rx = stats.stages[static_cast<std::size_t>(Stage::rx)];
  EXPECT_EQ(rx.bursts, 1u);
  EXPECT_EQ(rx.packets, 3u);
  run_stage(Stage::classify, burst, stats, [&] { burst.drop(burst[0], DropReason::ip_malformed); });
  EXPECT_EQ(stats.stages[static_cast<std::size_t>(Stage::classify)].packets, 3u);
}

TEST(SlotRing, hands_every_slot_on_once_and_in_order_between_two_threads) {
  constexpr unsigned count = 20000;
  SlotRing ring(8);
  std::array<unsigned, 8> slots{};
  std::thread filler([&] {
    for (unsigned i = 0; i < count;) {
      const auto slot = ring.claim();
      if (!slot) {
        std::this_thread::yield();
        continue;
      }
      slots.at(*slot) = i++;
      ring.publish();
    }
  });
  for (unsigned expected = 0; expected < count;) {
    const auto slot = ring.front();
    if (!slot) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(slots.at(*slot), expected);
    ++expected;
    ring.pop();
  }
  filler.join();
  EXPECT_FALSE(ring.front());
}

}  // namespace
}  // namespace espgate::dataplane::live
