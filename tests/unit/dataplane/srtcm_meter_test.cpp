// SPDX-License-Identifier: Apache-2.0
// The clock is the test's: nanoseconds, from a start that DPDK's own has nothing to do with.
#include "dataplane/dpdk/srtcm_meter.h"

#include "dataplane/dpdk/eal.h"

#include <gtest/gtest.h>

namespace espgate::dataplane::dpdk {
namespace {

constexpr double nanoseconds = 1e9;
constexpr std::uint64_t start = 1'000'000, second = 1'000'000'000;

class SrtcmMeterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(start_without_ports(96)); }

  // How many packets of `bytes` pass at `now` until one does not.
  static std::uint64_t passing(RateMeter& meter, std::uint32_t bytes, std::uint64_t now) {
    std::uint64_t count = 0;
    while (meter.pass(bytes, now)) ++count;
    return count;
  }
};

TEST_F(SrtcmMeterTest, the_burst_is_100_ms_of_the_rate_and_at_least_16_kib) {
  EXPECT_EQ(burst_bytes(1), 16'384u);
  EXPECT_EQ(burst_bytes(1310), 16'384u);
  EXPECT_EQ(burst_bytes(8000), 100'000u);
  EXPECT_EQ(burst_bytes(0xffff'ffff), 53'687'091'187u) << "the fastest that can be told";
  const auto slow = make_srtcm_meter(64, nanoseconds, start);
  EXPECT_EQ(passing(*slow, 1000, start), 16u);
  const auto fast = make_srtcm_meter(8000, nanoseconds, start);
  EXPECT_EQ(passing(*fast, 1000, start), 100u);
}

TEST_F(SrtcmMeterTest, over_time_the_rate_passes_and_no_more) {
  for (const std::uint32_t kbit : {64u, 2'000u, 100'000u, 10'000'000u}) {
    const auto meter = make_srtcm_meter(kbit, nanoseconds, start);
    (void)passing(*meter, 100, start);
    std::uint64_t bytes = 0;
    for (std::uint64_t now = start; now <= start + 10 * second; now += second / 100)
      bytes += 100 * passing(*meter, 100, now);
    const double wanted = 10.0 * kbit * 1000 / 8;
    // rte_meter rounds its period to whole ticks, of which it has a hundred at least.
    EXPECT_NEAR(static_cast<double>(bytes), wanted, 0.02 * wanted) << kbit << " kbit/s";
  }
}

TEST_F(SrtcmMeterTest, silence_saves_up_one_burst_and_no_excess) {
  const auto meter = make_srtcm_meter(8000, nanoseconds, start);
  EXPECT_EQ(passing(*meter, 1000, start + 3600 * second), 100u);
}

TEST_F(SrtcmMeterTest, what_does_not_pass_costs_nothing) {
  const auto meter = make_srtcm_meter(64, nanoseconds, start);
  EXPECT_TRUE(meter->pass(16'000, start));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(meter->pass(1000, start));
  EXPECT_TRUE(meter->pass(384, start)) << "what was left is still there";
}

TEST_F(SrtcmMeterTest, a_clock_that_is_behind_its_start_gives_nothing_away) {
  const auto meter = make_srtcm_meter(64, nanoseconds, start);
  EXPECT_EQ(passing(*meter, 1000, start - 500'000), 16u);
  EXPECT_FALSE(meter->pass(1000, start - 1));
  EXPECT_FALSE(meter->pass(1000, start));
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
