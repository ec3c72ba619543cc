// SPDX-License-Identifier: Apache-2.0
#include "control/pool/address_pool.h"

#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t base = 0x0a280000;  // 10.40.0.0

// 10.40.0.first to 10.40.0.last without some.
AddressPool pool(std::uint32_t first, std::uint32_t last, std::vector<config::AddressRange> excluded = {}) {
  for (auto& range : excluded) range = {base + range.first, base + range.last};
  return AddressPool({"test", {base + first, base + last}, std::move(excluded), {}});
}

// The last byte of what the user gets.
std::uint32_t get(AddressPool& from, const std::string& user) {
  const auto address = from.allocate(user);
  if (!address) throw std::runtime_error(address.error());
  return *address - base;
}

TEST(AddressPool, GivesEveryAddressOnce) {
  AddressPool small = pool(10, 12);
  EXPECT_EQ(small.size(), 3U);
  EXPECT_EQ(get(small, "a"), 10U);
  EXPECT_EQ(get(small, "b"), 11U);
  EXPECT_EQ(get(small, "c"), 12U);
  EXPECT_EQ(small.in_use(), 3U);
  EXPECT_EQ(small.user_of(base + 11), "b");
  const auto none = small.allocate("d");
  ASSERT_FALSE(none);
  EXPECT_EQ(
      none.error(),
      "the pool \"test\" (10.40.0.10-10.40.0.12) is exhausted: 3 of its 3 addresses are in use; make it "
      "larger, or end sessions that nobody needs");
}

TEST(AddressPool, LeavesOutWhatIsExcluded) {
  AddressPool holes = pool(1, 9, {{5, 7}, {0, 1}, {6, 8}, {200, 210}});
  EXPECT_EQ(holes.size(), 4U);
  EXPECT_EQ(get(holes, "a"), 2U);
  EXPECT_EQ(get(holes, "b"), 3U);
  EXPECT_EQ(get(holes, "c"), 4U);
  EXPECT_EQ(get(holes, "d"), 9U);
  EXPECT_FALSE(holes.allocate("e"));
  EXPECT_FALSE(holes.contains(base + 8));
  EXPECT_TRUE(holes.contains(base + 9));
  EXPECT_FALSE(holes.contains(base + 10));
}

TEST(AddressPool, ReachesTheLastAddressThereIs) {
  AddressPool top({"top", {0xfffffffe, 0xffffffff}, {}, {}});
  EXPECT_EQ(top.allocate("a"), 0xfffffffeU);
  EXPECT_EQ(top.allocate("b"), 0xffffffffU);
  EXPECT_FALSE(top.allocate("c"));
}

TEST(AddressPool, GivesAUserWhatHeHadBefore) {
  AddressPool small = pool(1, 5);
  EXPECT_EQ(get(small, "a"), 1U);
  EXPECT_EQ(get(small, "b"), 2U);
  small.release(base + 1);
  small.release(base + 2);
  EXPECT_EQ(get(small, "c"), 3U) << "nobody ever had it";
  EXPECT_EQ(get(small, "b"), 2U);
  EXPECT_EQ(get(small, "a"), 1U);
}

TEST(AddressPool, GivesAUserWithSeveralSessionsFurtherAddresses) {
  AddressPool small = pool(1, 5);
  EXPECT_EQ(get(small, "a"), 1U);
  EXPECT_EQ(get(small, "a"), 2U);
  small.release(base + 1);
  small.release(base + 2);
  EXPECT_EQ(get(small, "a"), 2U) << "the one that he had last";
  EXPECT_EQ(get(small, "a"), 1U);
  EXPECT_EQ(get(small, "a"), 3U);
}

TEST(AddressPool, TakesWhatHasBeenFreeForLongestWhenNothingElseIsLeft) {
  AddressPool small = pool(1, 3);
  for (const char* user : {"a", "b", "c"}) (void)get(small, user);
  for (const std::uint32_t address : {2U, 3U, 1U}) small.release(base + address);
  EXPECT_EQ(get(small, "x"), 2U);
  EXPECT_EQ(get(small, "b"), 3U) << "b's own is gone, and c's has been free for longest";
  EXPECT_EQ(get(small, "a"), 1U);
  EXPECT_FALSE(small.allocate("c"));
}

TEST(AddressPool, TakesNoReleaseForWhatNobodyHas) {
  AddressPool small = pool(1, 2);
  small.release(base + 1);
  EXPECT_EQ(get(small, "a"), 1U);
  small.release(base + 1);
  small.release(base + 1);
  EXPECT_EQ(small.in_use(), 0U);
  EXPECT_EQ(get(small, "b"), 2U);
  EXPECT_EQ(get(small, "c"), 1U);
  EXPECT_FALSE(small.allocate("d"));
}

TEST(AddressPool, GivesKeptAddressesByNameOnly) {
  AddressPool small = pool(1, 3);
  small.keep({base + 1, base + 2});
  EXPECT_EQ(get(small, "a"), 3U);
  const auto none = small.allocate("b");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error(), HasSubstr("1 of its 3 addresses are in use and 2 are kept for users"));
  EXPECT_TRUE(small.take("b", base + 2));
  EXPECT_FALSE(small.take("c", base + 2));
  small.release(base + 2);
  EXPECT_FALSE(small.allocate("b")) << "also to the one who had it";
  EXPECT_TRUE(small.take("b", base + 2));
}

TEST(AddressPool, TakesBackWhatIsNoLongerKept) {
  AddressPool small = pool(1, 4);
  small.keep({base + 1, base + 4});
  EXPECT_EQ(get(small, "a"), 2U);
  EXPECT_EQ(get(small, "b"), 3U);
  EXPECT_FALSE(small.allocate("c"));
  EXPECT_TRUE(small.take("d", base + 4));
  small.keep({});
  EXPECT_EQ(get(small, "c"), 1U);
  EXPECT_FALSE(small.allocate("e"));
  small.release(base + 4);
  EXPECT_EQ(get(small, "e"), 4U);
}

TEST(AddressPool, ForgetsWhoHadWhatIsKeptNow) {
  AddressPool small = pool(1, 2);
  EXPECT_EQ(get(small, "a"), 1U);
  EXPECT_EQ(get(small, "b"), 2U);
  small.release(base + 1);
  small.keep({base + 1, base + 2});
  EXPECT_FALSE(small.allocate("a"));
  EXPECT_EQ(small.user_of(base + 2), "b") << "who has one stays";
  small.release(base + 2);
  EXPECT_FALSE(small.allocate("b"));
  EXPECT_THAT(small.leases(), ElementsAre());
}

TEST(AddressPool, RemembersLeasesOverARestart) {
  AddressPool before = pool(1, 4);
  for (const char* user : {"a", "b", "c", "d"}) (void)get(before, user);
  for (const std::uint32_t address : {3U, 1U, 2U}) before.release(base + address);
  const auto leases = before.leases();
  EXPECT_THAT(leases, ElementsAre(Lease{"c", base + 3}, Lease{"a", base + 1}, Lease{"b", base + 2},
                                  Lease{"d", base + 4}));
  AddressPool after = pool(1, 5, {{4, 4}});
  for (const Lease& lease : leases) after.remember(lease);
  after.remember({"x", base + 1});
  EXPECT_EQ(get(after, "a"), 1U);
  EXPECT_EQ(get(after, "x"), 5U);
  EXPECT_EQ(get(after, "d"), 3U) << "his own is excluded now, and c's is the oldest";
}

// Against the plainest model: whoever has an address has it alone, and nothing is lost.
TEST(AddressPool, HoldsItsPromisesInAnyOrderOfEvents) {
  std::mt19937 engine(7);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  AddressPool tested = pool(1, 40, {{10, 12}, {40, 40}});
  std::map<std::uint32_t, std::string> used;
  std::set<std::uint32_t> kept;
  for (unsigned step = 0; step < 20000; ++step) {
    const std::string user = fmt::format("u{}", random() % 60);
    const std::uint32_t address = base + 1 + random() % 40;
    switch (random() % 8) {
      case 0:
        kept.clear();
        while (random() % 4 != 0) kept.insert(base + 1 + random() % 40);
        tested.keep(kept);
        break;
      case 1:
        if (tested.contains(address)) {
          ASSERT_EQ(tested.take(user, address), used.try_emplace(address, user).second);
        }
        break;
      case 2:
      case 3:
      case 4:
        tested.release(address);
        used.erase(address);
        break;
      default:
        if (const auto given = tested.allocate(user)) {
          ASSERT_TRUE(tested.contains(*given));
          ASSERT_FALSE(kept.contains(*given));
          ASSERT_TRUE(used.try_emplace(*given, user).second) << "step " << step;
        } else {
          for (std::uint32_t each = base + 1; each <= base + 40; ++each)
            ASSERT_TRUE(!tested.contains(each) || used.contains(each) || kept.contains(each))
                << "step " << step;
        }
    }
    ASSERT_EQ(tested.in_use(), used.size());
  }
}

TEST(AddressPool, HoldsAHundredThousandClients) {
  AddressPool large({"large", {base, base + 0x1ffff}, {}, {}});
  for (unsigned round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 100'000; ++i) ASSERT_EQ(large.allocate(fmt::format("user{}", i)), base + i);
    for (std::uint32_t i = 0; i < 100'000; ++i) large.release(base + i);
  }
  // One user with everything, who comes and goes.
  for (std::uint32_t i = 0; i < 0x20000; ++i) ASSERT_TRUE(large.allocate("office"));
  EXPECT_FALSE(large.allocate("office"));
  for (std::uint32_t i = 0; i < 0x20000; ++i) large.release(base + i);
  for (std::uint32_t i = 0; i < 0x20000; ++i) ASSERT_TRUE(large.allocate(fmt::format("user{}", i)));
}

}  // namespace
}  // namespace espgate::control::test
