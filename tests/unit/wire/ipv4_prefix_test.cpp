// SPDX-License-Identifier: Apache-2.0
#include "wire/ipv4_prefix.h"

#include <gtest/gtest.h>

namespace espgate::wire {
namespace {

Ipv4Prefix prefix(std::string_view text) { return Ipv4Prefix::from_string(text).value(); }

TEST(Ipv4Prefix, IsAnAddressWithALength) {
  EXPECT_EQ(prefix("10.30.0.1/24"), (Ipv4Prefix{0x0a1e0001, 24}));
  EXPECT_EQ(prefix("10.30.0.1"), (Ipv4Prefix{0x0a1e0001, 32})) << "without a length: one host";
  EXPECT_EQ(prefix("0.0.0.0/0"), (Ipv4Prefix{0, 0}));
  EXPECT_EQ(prefix("255.255.255.255/32").to_string(), "255.255.255.255/32");
}

TEST(Ipv4Prefix, RefusesWhatIsNeither) {
  for (const char* text :
       {"", "/", "/24", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0/8",
        "10.0.0.0/256", "10.0.0.0/8/8", "::1/64", "::ffff:10.0.0.1/24x", "ten/8"})
    EXPECT_FALSE(Ipv4Prefix::from_string(text)) << text;
}

TEST(Ipv4Prefix, KnowsItsNetworkAndWhatLiesInIt) {
  EXPECT_EQ(prefix("10.30.5.77/22").network().to_string(), "10.30.4.0/22");
  EXPECT_EQ(prefix("10.30.5.77/0").network().to_string(), "0.0.0.0/0");
  EXPECT_EQ(prefix("10.30.5.77/32").network().to_string(), "10.30.5.77/32");
  EXPECT_TRUE(prefix("10.30.5.77/22").contains(0x0a1e07ff));
  EXPECT_FALSE(prefix("10.30.5.77/22").contains(0x0a1e0800));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(0xffffffff));
  EXPECT_EQ(prefix("10.40.0.0/24").size(), 256U);
  EXPECT_EQ(prefix("0.0.0.0/0").size(), std::uint64_t{1} << 32);
}

TEST(Ipv4Prefix, OverlapsWhatHoldsItAndWhatItHolds) {
  EXPECT_TRUE(prefix("10.0.0.0/8").overlaps(prefix("10.40.0.0/24")));
  EXPECT_TRUE(prefix("10.40.0.0/24").overlaps(prefix("10.0.0.0/8")));
  EXPECT_TRUE(prefix("10.40.0.0/24").overlaps(prefix("10.40.0.0/24")));
  EXPECT_TRUE(prefix("0.0.0.0/0").overlaps(prefix("10.40.0.0/24")));
  EXPECT_FALSE(prefix("10.40.0.0/24").overlaps(prefix("10.40.1.0/24")));
}

}  // namespace
}  // namespace espgate::wire
