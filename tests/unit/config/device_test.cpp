// SPDX-License-Identifier: Apache-2.0
#include "config/device.h"

#include <gtest/gtest.h>

namespace espgate::config {
namespace {

TEST(Device, IsAPciAddressWithOrWithoutItsDomain) {
  EXPECT_EQ(Device("0000:00:06.0").pci_address(), "0000:00:06.0");
  EXPECT_EQ(Device("00:1f.7,large_llq_hdr=1").pci_address(), "0000:00:1f.7");
  for (const char* text : {"0000:00:06", "0000:00:06.8", "000:00:06.0", "net_null0", "", "gg:06.0"})
    EXPECT_FALSE(Device(text).is_pci()) << text;
}

TEST(Device, HasArgumentsBehindCommas) {
  const Device device("net_af_packet0,iface=s0,framesz=2048");
  EXPECT_EQ(device.name(), "net_af_packet0");
  EXPECT_EQ(device.argument("iface"), "s0");
  EXPECT_EQ(device.argument("framesz"), "2048");
  EXPECT_EQ(device.argument("frame"), std::nullopt);
  EXPECT_EQ(device.argument("blocksz"), std::nullopt);
}

TEST(Device, KnowsTheInterfaceItIsAttachedTo) {
  EXPECT_EQ(Device("net_af_packet0,iface=s0").interface(), "s0");
  EXPECT_EQ(Device("net_pcap0,iface=s1").interface(), "s1");
  EXPECT_EQ(Device("net_tap0,iface=made").interface(), std::nullopt) << "a tap makes its interface";
  EXPECT_EQ(Device("0000:00:06.0").interface(), std::nullopt);
}

TEST(Device, TakesPacketsAsLargeAsItsFramesHaveRoomFor) {
  EXPECT_EQ(Device("net_af_packet0,iface=s0").largest_packet(), 1964U);
  EXPECT_EQ(Device("net_af_packet0,iface=s0,framesz=4096").largest_packet(), 4012U);
  EXPECT_EQ(Device("net_af_packet0,framesz=x").largest_packet(), 1964U);
  EXPECT_EQ(Device("net_af_packet0,framesz=7").largest_packet(), 0U);
  EXPECT_EQ(Device("net_null0").largest_packet(), std::nullopt);
}

TEST(Device, AnAfPacketDeviceHasFramesThatFitItsBlocksAndTheLargestLink) {
  const std::string text = af_packet_device(3, "veth0", 2);
  const Device device(text);
  EXPECT_EQ(device.name(), "net_af_packet3");
  EXPECT_EQ(device.interface(), "veth0");
  EXPECT_EQ(device.argument("qpairs"), "2");
  EXPECT_GE(device.largest_packet().value_or(0), 9001U);
  const int frame = std::stoi(std::string(*device.argument("framesz")));
  const int block = std::stoi(std::string(*device.argument("blocksz")));
  const int count = std::stoi(std::string(*device.argument("framecnt")));
  EXPECT_EQ(frame % 16, 0) << "TPACKET_ALIGNMENT";
  EXPECT_EQ(block % frame, 0);
  EXPECT_EQ(block % 4096, 0);
  EXPECT_EQ(count % (block / frame), 0) << "the kernel wants whole blocks";
}

TEST(Device, InterfaceNamesAreWhatTheKernelTakes) {
  for (const char* name : {"s0", "eth0", "enp0s31f6", "wlan.0", "a-b_c@d", "fifteen-bytes-x"})
    EXPECT_TRUE(is_interface_name(name)) << name;
  for (const char* name : {"", ".", "..", "a/b", "a b", "a,b", "a:b", "sixteen-bytes-xx"})
    EXPECT_FALSE(is_interface_name(name)) << name;
}

}  // namespace
}  // namespace espgate::config
