// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/buffer_pool.h"

#include "dataplane/dpdk/buffer.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/foreign_spi_hash.h"
#include "dataplane/packet.h"

#include <gtest/gtest.h>

namespace espgate::dataplane::dpdk {
namespace {

class BufferPoolTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(start_without_ports(96)); }
};

TEST_F(BufferPoolTest, gives_every_size_its_room_and_takes_all_back) {
  auto pool = BufferPool::create("sizes", {.ordinary = 32, .large = 8});
  ASSERT_TRUE(pool) << pool.error();
  Burst burst;
  const std::array<std::uint32_t, 5> sizes = {1, 1500, 2048, 9001, 65000};
  for (unsigned i = 0; i < sizes.size(); ++i) {
    ASSERT_TRUE(pool->attach(burst, i, sizes[i], 128)) << sizes[i];
    EXPECT_EQ(burst[i].length, sizes[i]);
    EXPECT_EQ(burst[i].headroom, 128);
    EXPECT_GE(burst[i].tailroom, 64) << sizes[i];
    std::fill_n(burst[i].data - 128, 128 + sizes[i] + burst[i].tailroom, std::byte{0x5a});
  }
  burst.reset(sizes.size());
  EXPECT_EQ(pool->in_use(), sizes.size());
  pool->release(burst);
  EXPECT_EQ(pool->in_use(), 0u);
}

TEST_F(BufferPoolTest, says_no_when_it_is_empty_or_the_packet_is_too_long) {
  auto pool = BufferPool::create("empty", {.ordinary = 4, .large = 1});
  ASSERT_TRUE(pool) << pool.error();
  Burst burst;
  EXPECT_FALSE(pool->attach(burst, 0, 65500, 128));
  unsigned taken = 0;
  while (taken < 64 && pool->attach(burst, taken, 100, 128)) ++taken;
  EXPECT_GE(taken, 4u);
  EXPECT_LT(taken, 64u);
  burst.reset(taken);
  pool->release(burst);
  EXPECT_TRUE(pool->attach(burst, 0, 100, 128));
  burst.reset(1);
  pool->release(burst);
}

TEST_F(BufferPoolTest, only_what_left_a_burst_early_is_taken_back) {
  auto pool = BufferPool::create("exits", {.ordinary = 32, .large = 8});
  ASSERT_TRUE(pool) << pool.error();
  Burst burst;
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(pool->attach(burst, i, 100 + i, 128));
  burst.reset(4);
  burst.drop(burst[1], DropReason::no_route);
  burst.punt(burst[3], Punt::keepalive);
  std::array<void*, 2> frames{};
  burst[2].pull(14);
  detach_frames(burst, burst.live_mask(), frames.data());
  pool->release_exits(burst);
  EXPECT_EQ(pool->in_use(), 2u);
  pool->release_exits(burst);  // nothing twice
  EXPECT_EQ(pool->in_use(), 2u);

  burst.reset(2);
  for (unsigned i = 0; i < 2; ++i) adopt(burst, i, frames[i]);
  EXPECT_EQ(burst[0].length, 100u);
  EXPECT_EQ(burst[1].length, 102u - 14);
  EXPECT_EQ(burst[1].headroom, 128 + 14);
  pool->release(burst);
  EXPECT_EQ(pool->in_use(), 0u);
}

TEST_F(BufferPoolTest, foreign_spis_are_found_by_destination_and_without) {
  auto hash = ForeignSpiHash::create("foreign", 100);
  ASSERT_TRUE(hash) << hash.error();
  InboundSa here(64);
  InboundSa there(64);
  InboundSa anywhere(64);
  const auto a = wire::IpAddress::v4(0x0a000001);
  const auto b = *wire::IpAddress::from_string("2001:db8::1");
  ASSERT_TRUE((*hash)->add(a, 0x1000, &here) && (*hash)->add(b, 0x1000, &there) &&
              (*hash)->add(wire::IpAddress(), 0x2000, &anywhere));
  EXPECT_EQ((*hash)->find(a, 0x1000), &here);
  EXPECT_EQ((*hash)->find(b, 0x1000), &there);
  EXPECT_EQ((*hash)->find(wire::IpAddress::v4(5), 0x1000), nullptr);
  EXPECT_EQ((*hash)->find(b, 0x2000), &anywhere);
  EXPECT_EQ((*hash)->find(a, 0x2001), nullptr);
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
