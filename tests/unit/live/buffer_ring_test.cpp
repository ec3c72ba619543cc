// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/buffer_ring.h"

#include "dataplane/dpdk/buffer.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace espgate::dataplane::dpdk {
namespace {

TEST(BufferRing, keeps_order_refuses_what_does_not_fit_and_frees_what_is_left) {
  ASSERT_TRUE(start_without_ports(512));
  auto pool = BufferPool::create("ring-test", {.ordinary = 64, .large = 1});
  ASSERT_TRUE(pool) << pool.error();
  {
    auto ring = BufferRing::create("test-ring", 4);
    ASSERT_TRUE(ring) << ring.error();
    std::vector<void*> buffers;
    Burst burst;
    burst.reset(6);
    for (unsigned i = 0; i < 6; ++i) {
      ASSERT_TRUE(pool->attach(burst, i, 60, 128));
      buffers.push_back(detach(burst, i, {}));
    }
    EXPECT_EQ((*ring)->push(buffers), 4u);
    EXPECT_EQ((*ring)->size(), 4u);
    std::array<void*, 2> taken{};
    ASSERT_EQ((*ring)->pop(taken), 2u);
    EXPECT_EQ(taken[0], buffers[0]);
    EXPECT_EQ(taken[1], buffers[1]);
    release(taken);
    release(std::span(buffers).subspan(4));
    EXPECT_EQ(pool->in_use(), 2u);
  }
  EXPECT_EQ(pool->in_use(), 0u);
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
