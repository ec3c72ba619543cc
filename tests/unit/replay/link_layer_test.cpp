// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/link_layer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>

namespace espgate::replay {
namespace {

using namespace std::string_literals;

struct Case {
  const char* sentence;
  int dlt;
  std::string frame;
  std::optional<NetworkPacket> expected;
};

const std::string macs(12, '\x02');
const std::string sll_head(14, '\x01');   // up to the protocol (LINKTYPE_LINUX_SLL)
const std::string sll2_tail(18, '\x01');  // behind the protocol (LINKTYPE_LINUX_SLL2)
const std::string ip = "\x45" + std::string(19, '\0');

const std::vector<Case> cases = {
    {"Ethernet with IPv4", DLT_EN10MB, macs + "\x08\x00"s + ip, {{0x0800, 14}}},
    {"Ethernet with IPv6", DLT_EN10MB, macs + "\x86\xdd"s, {{0x86dd, 14}}},
    {"Ethernet with ARP", DLT_EN10MB, macs + "\x08\x06"s, {{0x0806, 14}}},
    {"Ethernet with an 802.3 length", DLT_EN10MB, macs + "\x00\x26"s, {{0x0026, 14}}},
    {"Ethernet with a VLAN tag", DLT_EN10MB, macs + "\x81\x00\x00\x05\x08\x00"s + ip, {{0x0800, 18}}},
    {"Ethernet with a service tag", DLT_EN10MB, macs + "\x88\xa8\x00\x05\x86\xdd"s, {{0x86dd, 18}}},
    {"Ethernet with two tags shows the second",
     DLT_EN10MB,
     macs + "\x88\xa8\x00\x05\x81\x00\x00\x06"s,
     {{0x8100, 18}}},
    {"Ethernet cut in its header", DLT_EN10MB, macs + "\x08"s, std::nullopt},
    {"Ethernet cut in its tag", DLT_EN10MB, macs + "\x81\x00\x00\x05\x08"s, std::nullopt},
    {"nothing", DLT_EN10MB, "", std::nullopt},
    {"raw IPv4", DLT_RAW, ip, {{0x0800, 0}}},
    {"raw IPv6", 101, "\x60", {{0x86dd, 0}}},
    {"raw IP of OpenBSD", 14, ip, {{0x0800, 0}}},
    {"raw something else", DLT_RAW, "\x00"s, std::nullopt},
    {"raw nothing", DLT_RAW, "", std::nullopt},
    {"IPv4 by its link type", DLT_IPV4, ip, {{0x0800, 0}}},
    {"IPv6 by its link type", DLT_IPV6, "\x60", {{0x86dd, 0}}},
    {"Linux cooked", DLT_LINUX_SLL, sll_head + "\x08\x00"s + ip, {{0x0800, 16}}},
    {"Linux cooked with a tag", DLT_LINUX_SLL, sll_head + "\x81\x00\x00\x07\x86\xdd"s, {{0x86dd, 20}}},
    {"Linux cooked, cut", DLT_LINUX_SLL, sll_head + "\x08"s, std::nullopt},
    {"Linux cooked, version 2", DLT_LINUX_SLL2, "\x86\xdd"s + sll2_tail, {{0x86dd, 20}}},
    {"Linux cooked, version 2, with a tag",
     DLT_LINUX_SLL2,
     "\x81\x00"s + sll2_tail + "\x00\x07\x08\x00"s,
     {{0x0800, 24}}},
    {"Linux cooked, version 2, cut", DLT_LINUX_SLL2, "\x08\x00"s + sll2_tail.substr(1), std::nullopt},
    {"BSD null from a little-endian machine", DLT_NULL, "\x02\x00\x00\x00"s + ip, {{0x0800, 4}}},
    {"BSD null from a big-endian machine", DLT_NULL, "\x00\x00\x00\x02"s + ip, {{0x0800, 4}}},
    {"BSD null with NetBSD's AF_INET6", DLT_NULL, "\x18\x00\x00\x00"s, {{0x86dd, 4}}},
    {"BSD null with FreeBSD's AF_INET6", DLT_NULL, "\x1c\x00\x00\x00"s, {{0x86dd, 4}}},
    {"BSD loop with macOS's AF_INET6", DLT_LOOP, "\x00\x00\x00\x1e"s, {{0x86dd, 4}}},
    {"BSD loop with another family", DLT_LOOP, "\x00\x00\x00\x07"s, std::nullopt},
    {"BSD loop, cut", DLT_LOOP, "\x00\x00\x00"s, std::nullopt},
};

TEST(LinkLayer, FindsTheNetworkPacket) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto link_layer = LinkLayer::for_link_type(test.dlt);
    ASSERT_TRUE(link_layer) << link_layer.error().to_string();
    const auto found = link_layer->locate(std::as_bytes(std::span(test.frame)));
    ASSERT_EQ(found.has_value(), test.expected.has_value());
    if (!found) continue;
    EXPECT_EQ(found->ether_type, test.expected->ether_type);
    EXPECT_EQ(found->offset, test.expected->offset);
  }
}

TEST(LinkLayer, NeverPointsBehindTheFrame) {
  for (const Case& test : cases) {
    const auto link_layer = LinkLayer::for_link_type(test.dlt);
    ASSERT_TRUE(link_layer);
    for (std::size_t length = 0; length <= test.frame.size(); ++length) {
      const auto found = link_layer->locate(std::as_bytes(std::span(test.frame).first(length)));
      EXPECT_LE(found ? found->offset : 0, length) << test.sentence;
    }
  }
}

TEST(LinkLayer, RefusesOthersByName) {
  const auto wifi = LinkLayer::for_link_type(DLT_IEEE802_11);
  ASSERT_FALSE(wifi);
  EXPECT_EQ(wifi.error().to_string(),
            "frames of type IEEE802_11 (802.11) are not supported; supported are Ethernet, raw IP (RAW, "
            "IPV4, IPV6), "
            "Linux cooked (LINUX_SLL, LINUX_SLL2) and BSD loopback (NULL, LOOP)");
  const auto unknown = LinkLayer::for_link_type(9999);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().what, testing::HasSubstr("link type 9999"));
}

}  // namespace
}  // namespace espgate::replay
