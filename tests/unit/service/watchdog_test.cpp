// SPDX-License-Identifier: Apache-2.0
#include "service/watchdog.h"

#include <array>

#include <gtest/gtest.h>

namespace espgate::service::test {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public testing::Test {
 protected:
  bool after(std::chrono::seconds wait) {
    now_ += wait;
    return watchdog_.may_tell(now_, hearts_);
  }

  Watchdog watchdog_{40s};
  Watchdog::TimePoint now_{};
  std::array<std::uint64_t, 2> hearts_{1, 1};
};

TEST_F(WatchdogTest, IsFedFourTimesWithinItsLimitWhileEveryHeartBeats) {
  EXPECT_FALSE(after(0s)) << "nobody has beaten yet";
  int told = 0;
  for (int second = 0; second < 40; ++second) {
    for (auto& heart : hearts_) ++heart;
    told += after(1s) ? 1 : 0;
  }
  EXPECT_EQ(told, 4);
  EXPECT_FALSE(watchdog_.stuck(now_));
}

TEST_F(WatchdogTest, IsNotFedOnceOneWorkerStandsStill) {
  for (auto& heart : hearts_) ++heart;
  (void)after(1s);
  for (int second = 0; second < 10; ++second) {
    for (auto& heart : hearts_) ++heart;
    (void)after(1s);
  }
  int told = 0;
  for (int second = 0; second < 60; ++second) {
    ++hearts_[0];
    told += after(1s) ? 1 : 0;
  }
  EXPECT_LE(told, 1) << "one beat may be left from before";
  EXPECT_EQ(watchdog_.stuck(now_), 1u);
}

TEST_F(WatchdogTest, IsFedAgainWhenItsHeartBeatsAgain) {
  for (int second = 0; second < 60; ++second) (void)after(1s);
  EXPECT_TRUE(watchdog_.stuck(now_));
  for (auto& heart : hearts_) ++heart;
  EXPECT_TRUE(after(1s));
  EXPECT_FALSE(watchdog_.stuck(now_));
}

TEST(WatchdogWithoutServiceManager, StillSaysWhoIsStuckButTellsNobody) {
  Watchdog watchdog(std::nullopt);
  std::array<std::uint64_t, 1> heart{1};
  Watchdog::TimePoint now{};
  EXPECT_FALSE(watchdog.may_tell(now, heart));
  ++heart[0];
  EXPECT_FALSE(watchdog.may_tell(now + 1s, heart));
  EXPECT_EQ(watchdog.stuck(now + 2s + Watchdog::patience), 0u);
}

}  // namespace
}  // namespace espgate::service::test
