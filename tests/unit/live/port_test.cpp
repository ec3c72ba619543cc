// SPDX-License-Identifier: Apache-2.0
// Ports on devices of software: net_ring gives back what was sent.
#include "dataplane/dpdk/port.h"

#include "dataplane/dpdk/buffer.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

// What a driver calls when its hardware has failed; librte_ethdev exports both, its headers for programs do
// not declare them.
extern "C" {
struct rte_eth_dev;
rte_eth_dev* rte_eth_dev_allocated(const char* name);
int rte_eth_dev_callback_process(rte_eth_dev* device, int event, void* told);
}

namespace espgate::dataplane::dpdk {
namespace {

constexpr int event_intr_reset = 3;  // RTE_ETH_EVENT_INTR_RESET

class PortTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto started = start_without_ports(512);
    ASSERT_TRUE(started) << started.error();
    static unsigned serial = 0;
    auto created =
        BufferPool::create("port-test-" + std::to_string(serial++), {.ordinary = 2048, .large = 4});
    ASSERT_TRUE(created) << created.error();
    pool = std::make_unique<BufferPool>(std::move(*created));
  }

  // A frame of `length` bytes, all `value`, ready to be sent.
  void* frame(std::uint32_t length, std::uint8_t value) {
    Burst burst;
    burst.reset(1);
    EXPECT_TRUE(pool->attach(burst, 0, length, 128));
    std::fill_n(burst[0].data, length, std::byte{value});
    return detach(burst, 0, {.port = 3, .next_hop = 5});
  }

  std::unique_ptr<BufferPool> pool;
};

TEST_F(PortTest, what_a_ring_port_sends_it_receives_whole) {
  auto port = Port::open({.device = "net_ring0", .id = 2}, *pool);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ((*port)->id(), 2);
  EXPECT_TRUE((*port)->link_up());
  std::array<void*, 3> frames = {frame(60, 1), frame(1514, 2), frame(64, 3)};
  ASSERT_EQ((*port)->transmit(0, frames), 3u);
  Burst burst;
  (*port)->receive(0, burst);
  ASSERT_EQ(burst.count(), 3u);
  EXPECT_EQ(burst[1].length, 1514u);
  EXPECT_EQ(burst[1].data[1513], std::byte{2});
  EXPECT_GE(burst[0].headroom, 128);
  EXPECT_EQ(ingress_port(burst.buffer(0)), 2) << "by our id, not DPDK's";
  EXPECT_EQ(burst[0].session, nullptr);
  EXPECT_EQ(pool->in_use(), 3u);
  pool->release(burst);
  EXPECT_EQ(pool->in_use(), 0u);
}

TEST_F(PortTest, an_empty_queue_gives_an_empty_burst) {
  auto port = Port::open({.device = "net_ring1"}, *pool);
  ASSERT_TRUE(port) << port.error();
  Burst burst;
  burst.reset(7);
  (*port)->receive(0, burst);
  EXPECT_EQ(burst.count(), 0u);
}

TEST_F(PortTest, asks_for_no_more_queues_than_the_device_has) {
  auto port = Port::open({.device = "net_ring2", .rx_queues = 1000, .tx_queues = 1000}, *pool);
  ASSERT_TRUE(port) << port.error();
  EXPECT_GE((*port)->rx_queues(), 1);
  EXPECT_LT((*port)->rx_queues(), 1000);
}

TEST_F(PortTest, a_device_that_asks_for_a_reset_is_reset_and_works_on) {
  auto port = Port::open({.device = "net_ring5", .id = 2}, *pool);
  ASSERT_TRUE(port) << port.error();
  EXPECT_FALSE((*port)->wants_reset());
  ASSERT_EQ(rte_eth_dev_callback_process(rte_eth_dev_allocated("net_ring5"), event_intr_reset, nullptr), 0);
  ASSERT_TRUE((*port)->wants_reset());
  const auto reset = (*port)->reset();
  ASSERT_TRUE(reset) << reset.error();
  EXPECT_FALSE((*port)->wants_reset());
  std::array<void*, 1> frames = {frame(60, 7)};
  ASSERT_EQ((*port)->transmit(0, frames), 1u);
  Burst burst;
  (*port)->receive(0, burst);
  ASSERT_EQ(burst.count(), 1u);
  EXPECT_EQ(burst[0].data[59], std::byte{7});
  pool->release(burst);
}

TEST_F(PortTest, a_device_that_is_not_there_is_named) {
  const auto port = Port::open({.device = "net_af_packet7,iface=nosuch0"}, *pool);
  ASSERT_FALSE(port);
  EXPECT_NE(port.error().find("net_af_packet7,iface=nosuch0"), std::string::npos) << port.error();
}

TEST_F(PortTest, a_buffer_carries_its_note_to_the_next_thread) {
  Burst burst;
  burst.reset(1);
  ASSERT_TRUE(pool->attach(burst, 0, 100, 128));
  std::byte* start = burst[0].data;
  burst[0].pull(28);
  void* buffer = detach(burst, 0, {.punt = Punt::handover, .port = 1, .next_hop = 9, .outer_distance = 28});
  EXPECT_EQ(burst.buffer(0), nullptr);
  burst.reset(1);
  const BufferNote note = adopt(burst, 0, buffer);
  EXPECT_EQ(note.punt, Punt::handover);
  EXPECT_EQ(note.next_hop, 9);
  EXPECT_EQ(burst[0].data, start + 28);
  EXPECT_EQ(burst[0].outer, start);
  EXPECT_EQ(burst[0].length, 72u);
  pool->release(burst);
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
