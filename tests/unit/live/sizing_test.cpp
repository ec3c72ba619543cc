// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/sizing.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace espgate::dataplane::live {
namespace {

config::Config small_config(const std::string& device) {
  config::Config config;
  config.outside.device = device;
  config.outside.mtu = 1500;
  return config;
}

TEST(Sizing, an_ordinary_port_takes_ordinary_buffers) {
  const Sizing sizing = size_for(small_config("net_tap0"), false);
  EXPECT_EQ(sizing.buffers.bytes, dpdk::BufferPool::ordinary_bytes);
  EXPECT_TRUE(sizing.eal.pci.empty());
}

TEST(Sizing, jumbo_frames_and_ring_frames_fit_a_buffer) {
  config::Config config = small_config("net_tap0");
  config.outside.mtu = 9001;
  EXPECT_GE(size_for(config, false).buffers.bytes, 9001u + 18 + 128 + 64);
  EXPECT_GE(
      size_for(small_config("net_af_packet0,iface=s0,blocksz=65536,framesz=16384"), false).buffers.bytes,
      16384u + 128);
}

TEST(Sizing, workers_share_cpus_when_there_are_fewer) {
  config::Config config = small_config("net_tap0");
  config.workers.count = 64;
  const Sizing sizing = size_for(config, false);
  EXPECT_EQ(sizing.eal.worker_cores.size(), 64u);
  config.workers.count = 2;
  config.workers.cores = {0, 0};
  EXPECT_EQ(size_for(config, false).eal.worker_cores, (std::vector<unsigned>{0, 0}));
}

TEST(Sizing, a_pci_device_is_handed_to_eal) {
  const Sizing sizing = size_for(small_config("0000:00:06.0"), true);
  ASSERT_EQ(sizing.eal.pci.size(), 1u);
  const auto arguments = dpdk::eal_arguments(sizing.eal);
  EXPECT_NE(std::find(arguments.begin(), arguments.end(), "--in-memory"), arguments.end());
  EXPECT_EQ(std::find(arguments.begin(), arguments.end(), "--no-pci"), arguments.end());
}

TEST(Sizing, rings_of_af_packet_fit_what_may_be_locked) {
  const std::string device = "net_af_packet0,iface=s0,blocksz=65536,framesz=16384,framecnt=1024";
  EXPECT_EQ(with_affordable_rings(device, UINT64_MAX, 2, 1500), device);
  EXPECT_EQ(with_affordable_rings(device, 8 << 20, 2, 1500),
            "net_af_packet0,iface=s0,blocksz=65536,framesz=2048,framecnt=768");
  EXPECT_EQ(with_affordable_rings(device, 8 << 20, 2, 9001),
            "net_af_packet0,iface=s0,blocksz=65536,framesz=16384,framecnt=96");
  EXPECT_EQ(with_affordable_rings(device, 1, 2, 1500),
            "net_af_packet0,iface=s0,blocksz=65536,framesz=2048,framecnt=32");
  EXPECT_EQ(with_affordable_rings("net_tap0", 1, 2, 1500), "net_tap0");
}

TEST(Sizing, without_hugepages_buffers_of_devices_that_copy_lie_in_transparent_ones) {
  EXPECT_TRUE(size_for(small_config("net_af_packet0,iface=s0"), false).eal.transparent_hugepages);
  EXPECT_FALSE(size_for(small_config("net_af_packet0,iface=s0"), true).eal.transparent_hugepages);
  // These hand our memory to a device or to another process, by means that know EAL's own only.
  EXPECT_FALSE(size_for(small_config("net_virtio_user0,path=/s"), false).eal.transparent_hugepages);
  EXPECT_FALSE(size_for(small_config("0000:00:06.0"), false).eal.transparent_hugepages);
  config::Config mixed = small_config("net_tap0");
  mixed.inside.emplace();
  mixed.inside->device = "net_memif0";
  EXPECT_FALSE(size_for(mixed, false).eal.transparent_hugepages);
}

TEST(Sizing, memory_suffices_for_the_buffers) {
  const Sizing sizing = size_for(small_config("net_tap0"), false);
  EXPECT_GT(std::uint64_t{sizing.eal.megabytes} << 20,
            std::uint64_t{sizing.buffers.ordinary} * sizing.buffers.bytes);
}

}  // namespace
}  // namespace espgate::dataplane::live
