// SPDX-License-Identifier: Apache-2.0
#include "control/pool/address_pools.h"

#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t base = 0x0a280000;  // 10.40.0.0

config::Config lab() {
  config::Config config;
  config.outside.address = *wire::Ipv4Prefix::from_string("10.20.0.10/24");
  config.inside.emplace().address = *wire::Ipv4Prefix::from_string("10.30.0.1/24");
  config.client_pool = *wire::Ipv4Prefix::from_string("10.40.0.0/28");
  return config;
}

config::Pool part(std::string name, std::uint32_t first, std::uint32_t last, std::vector<std::string> users) {
  return {std::move(name), {base + first, base + last}, {}, std::move(users), {}};
}

AddressPools pools(const config::Config& config) { return AddressPools(pools_settings(config)); }

// All that a user can get, by their last byte.
std::vector<std::uint32_t> all_of(AddressPools& from, const std::string& user) {
  std::vector<std::uint32_t> all;
  while (const auto address = from.allocate(user)) all.push_back(*address - base);
  return all;
}

TEST(AddressPools, GiveWhatIsNobodysOwn) {
  config::Config config = lab();
  config.ppp.gateway_address = base + 1;
  config.static_peers.emplace_back().inner_address = base + 3;
  AddressPools tested = pools(config);
  EXPECT_THAT(all_of(tested, "a"), ElementsAre(2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
  const auto none = tested.allocate("b");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error(),
              HasSubstr("the pool \"clients.pool\" (10.40.0.0-10.40.0.15) is exhausted: 12 of its 12"));
}

TEST(AddressPools, GiveBothAddressesOfASlash31) {
  config::Config config = lab();
  config.client_pool = {base, 31};
  AddressPools tested = pools(config);
  EXPECT_THAT(all_of(tested, "a"), ElementsAre(0, 1));
}

TEST(AddressPools, GiveNamedUsersTheirsAndTheRestToOthers) {
  config::Config config = lab();
  config.pools.push_back(part("sales", 4, 5, {"carol", "dave"}));
  AddressPools tested = pools(config);
  EXPECT_THAT(all_of(tested, "carol"), ElementsAre(4, 5));
  EXPECT_THAT(tested.allocate("dave").error(), HasSubstr("\"sales\""));
  EXPECT_THAT(all_of(tested, "erin"), ElementsAre(1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14));
  const auto usage = tested.usage();
  ASSERT_EQ(usage.size(), 2U);
  EXPECT_EQ(usage[0].name, "clients.pool");
  EXPECT_EQ(usage[1].name, "sales");
  EXPECT_EQ(usage[1].in_use, 2U);
  EXPECT_EQ(usage[1].size, 2U);
}

TEST(AddressPools, GiveGroupsTheirsAndNamedPoolsToWhomeverIsToHaveThem) {
  config::Config config = lab();
  config.pools.push_back(part("sales", 4, 5, {"carol"}));
  config.pools.push_back(part("staff", 8, 9, {}));
  config::Group group;
  group.pool = "staff";
  group.users = {"carol", "erin"};
  config.groups.push_back(std::move(group));
  AddressPools tested = pools(config);
  EXPECT_EQ(tested.allocate("erin"), base + 8);
  EXPECT_EQ(tested.allocate("carol"), base + 4) << "a pool that names her goes before that of her group";
  EXPECT_EQ(tested.allocate("frank", std::nullopt, "staff"), base + 9);
  EXPECT_EQ(tested.allocate("gina", std::nullopt, "staff").error(),
            tested.allocate("hugo", std::nullopt, "staff").error());
  EXPECT_EQ(tested.allocate("hugo", std::nullopt, "stuff").error(), "no [[pool]] is called \"stuff\"");
  EXPECT_EQ(tested.allocate("hugo"), base + 1) << "the pool of a group is not everybody's";
}

TEST(AddressPools, GiveOthersAPoolWithoutUsersIfThereIsOne) {
  config::Config config = lab();
  config.pools.push_back(part("sales", 4, 5, {"carol"}));
  config.pools.push_back(part("everybody", 8, 9, {}));
  AddressPools tested = pools(config);
  EXPECT_THAT(all_of(tested, "erin"), ElementsAre(8, 9));
  EXPECT_THAT(all_of(tested, "carol"), ElementsAre(4, 5));
}

TEST(AddressPools, GiveAFixedAddressToItsUserOnly) {
  AddressPools tested = pools(lab());
  EXPECT_THAT(tested.reserve({{base + 1, "alice"}}), IsEmpty());
  EXPECT_EQ(tested.allocate("bob"), base + 2);
  EXPECT_EQ(tested.allocate("alice", base + 1), base + 1);
  EXPECT_EQ(tested.user_of(base + 1), "alice");
  EXPECT_EQ(tested.allocate("alice", base + 1), base + 3) << "a second session of hers";
  EXPECT_THAT(tested.allocate("bob", base + 1).error(), HasSubstr("it belongs to \"alice\""));
  tested.release(base + 1);
  EXPECT_EQ(tested.user_of(base + 1), "");
  EXPECT_EQ(tested.allocate("carol"), base + 4);
  EXPECT_EQ(tested.allocate("alice", base + 1), base + 1);
}

TEST(AddressPools, GiveFixedAddressesOutsideOfEveryPool) {
  config::Config config = lab();
  config.pools.push_back(part("everybody", 8, 9, {}));
  AddressPools tested = pools(config);
  EXPECT_THAT(tested.reserve({{base + 2, "alice"}}), IsEmpty());
  EXPECT_EQ(tested.allocate("alice", base + 2), base + 2);
  EXPECT_EQ(tested.user_of(base + 2), "alice");
  EXPECT_THAT(tested.adopt("bob", base + 2).error(), HasSubstr("it belongs to \"alice\""));
  tested.release(base + 2);
  EXPECT_EQ(tested.user_of(base + 2), "");
}

TEST(AddressPools, RefuseFixedAddressesThatNothingReaches) {
  config::Config config = lab();
  config.ppp.gateway_address = base + 1;
  AddressPools tested = pools(config);
  EXPECT_THAT(tested.reserve({{base + 1, "a"}, {base + 2, "b"}, {base + 15, "c"}, {0x0a320001, "d"}}),
              ElementsAre(HasSubstr("\"a\" can't have the address 10.40.0.1: it is the gateway's own"),
                          HasSubstr("\"c\" can't have the address 10.40.0.15: it is the gateway's own"),
                          HasSubstr("\"d\" can't have the address 10.50.0.1: it is not in clients.pool")));
  EXPECT_FALSE(tested.allocate("a", base + 1));
  EXPECT_FALSE(tested.allocate("d", 0x0a320001));
  EXPECT_EQ(tested.allocate("e"), base + 3);
}

TEST(AddressPools, SayWhoHasAnAddressThatSomebodyIsToHave) {
  AddressPools tested = pools(lab());
  EXPECT_EQ(tested.allocate("bob"), base + 1);
  EXPECT_THAT(tested.reserve({{base + 1, "alice"}}), IsEmpty());
  EXPECT_THAT(tested.allocate("alice", base + 1).error(), HasSubstr("it is in use by \"bob\""));
  tested.release(base + 1);
  EXPECT_EQ(tested.allocate("alice", base + 1), base + 1);
}

TEST(AddressPools, TakeOverSessionsOfBefore) {
  AddressPools tested = pools(lab());
  EXPECT_TRUE(tested.adopt("alice", base + 1));
  EXPECT_EQ(tested.adopt("alice", base + 1).error(),
            "\"alice\" can't have the address 10.40.0.1: it is in use by \"alice\" until that session ends");
  EXPECT_EQ(tested.allocate("bob"), base + 2);
}

TEST(AddressPools, BringLeasesBack) {
  config::Config config = lab();
  config.pools.push_back(part("sales", 4, 5, {"carol"}));
  AddressPools before = pools(config);
  EXPECT_FALSE(before.take_changed());
  (void)before.allocate("alice");
  (void)before.allocate("carol");
  (void)before.allocate("bob");
  EXPECT_TRUE(before.take_changed());
  EXPECT_FALSE(before.take_changed());
  before.release(base + 1);
  EXPECT_TRUE(before.take_changed());

  AddressPools after = pools(config);
  after.restore(before.leases());
  after.restore({{"stranger", 0x0a320001}});
  EXPECT_EQ(after.allocate("dave"), base + 3);
  EXPECT_EQ(after.allocate("carol"), base + 4);
  EXPECT_EQ(after.allocate("bob"), base + 2);
  EXPECT_EQ(after.allocate("alice"), base + 1);
}

}  // namespace
}  // namespace espgate::control::test
