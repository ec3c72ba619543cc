// SPDX-License-Identifier: Apache-2.0
#include "wire/ip_address.h"

#include <gtest/gtest.h>

namespace espgate::wire {
namespace {

TEST(IpAddress, TextComesBack) {
  for (const std::string_view text :
       {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1ab0:ff:fe00:f200"}) {
    const auto address = IpAddress::from_string(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"", " ", "10.0.0", "10.0.0.256", "10.0.0.1 ", "1:2:3", "::g", "host"}) {
    EXPECT_FALSE(IpAddress::from_string(text)) << text;
  }
}

TEST(IpAddress, V4IsMapped) {
  const auto address = IpAddress::v4(0x0a000001);
  EXPECT_TRUE(address.is_v4());
  EXPECT_EQ(address.as_v4(), 0x0a000001u);
  EXPECT_EQ(address, IpAddress::from_string("10.0.0.1"));
  EXPECT_EQ(address, IpAddress::from_string("::ffff:10.0.0.1"));
  EXPECT_FALSE(IpAddress::from_string("::10.0.0.1")->is_v4());
}

TEST(IpAddress, AnyIsTheDefaultAndNot0000) {
  EXPECT_TRUE(IpAddress().is_any());
  EXPECT_TRUE(IpAddress::from_string("::")->is_any());
  EXPECT_FALSE(IpAddress::v4(0).is_any());
}

TEST(IpAddress, IsOrdered) {
  EXPECT_LT(IpAddress::v4(1), IpAddress::v4(2));
  EXPECT_LT(IpAddress::v4(0xff), IpAddress::v4(0x100));
}

}  // namespace
}  // namespace espgate::wire
