// SPDX-License-Identifier: Apache-2.0
#include "dataplane/token_bucket.h"

#include <gtest/gtest.h>

namespace espgate::dataplane {
namespace {

unsigned taken(TokenBucket& bucket, std::uint64_t now, unsigned tries) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i) count += bucket.take(now) ? 1 : 0;
  return count;
}

TEST(TokenBucket, gives_the_burst_at_once_and_then_one_each_period) {
  TokenBucket bucket(100, 5);
  EXPECT_EQ(taken(bucket, 10'000, 20), 5u);
  EXPECT_EQ(taken(bucket, 10'099, 20), 0u);
  EXPECT_EQ(taken(bucket, 10'100, 20), 1u);
  EXPECT_EQ(taken(bucket, 10'350, 20), 2u);
  EXPECT_EQ(taken(bucket, 10'400, 20), 1u) << "half a period was left over";
}

TEST(TokenBucket, is_full_again_after_a_rest_and_never_fuller) {
  TokenBucket bucket(100, 5);
  EXPECT_EQ(taken(bucket, 0, 20), 5u);
  EXPECT_EQ(taken(bucket, 1'000'000, 20), 5u);
}

TEST(TokenBucket, over_a_long_time_the_rate_is_exact) {
  TokenBucket bucket(1000, 3);
  unsigned count = 0;
  for (std::uint64_t now = 0; now <= 1'000'000; now += 7) count += bucket.take(now) ? 1 : 0;
  EXPECT_GE(count, 1000u);
  EXPECT_LE(count, 1003u);
}

TEST(TokenBucket, what_is_refused_costs_nothing) {
  TokenBucket bucket(100, 1);
  EXPECT_TRUE(bucket.take(0));
  EXPECT_EQ(taken(bucket, 99, 1000), 0u);
  EXPECT_TRUE(bucket.take(100));
}

TEST(TokenBucket, a_burst_of_none_gives_nothing) {
  TokenBucket bucket(100, 0);
  EXPECT_EQ(taken(bucket, 1'000'000, 10), 0u);
}

}  // namespace
}  // namespace espgate::dataplane
