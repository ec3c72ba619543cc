// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/lpm_route_table.h"

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/rcu.h"
#include "dataplane/packet.h"
#include "tests/unit/dataplane/test_routes.h"

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace espgate::dataplane::dpdk {
namespace {

class LpmRouteTableTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(start_without_ports(256)); }

  void SetUp() override {
    static int serial = 0;
    auto made = LpmRouteTable::create("routes-" + std::to_string(serial++), {});
    ASSERT_TRUE(made) << made.error();
    routes_ = std::move(*made);
  }

  NextHopId lookup(std::uint32_t address) const {
    NextHopId id = 0xffff;
    routes_->lookup({&address, 1}, &id);
    return id;
  }

  std::unique_ptr<LpmRouteTable> routes_;
};

TEST_F(LpmRouteTableTest, the_longest_prefix_leads) {
  EXPECT_EQ(lookup(0x0a1e0009), no_next_hop);
  ASSERT_TRUE(routes_->add({0, 0}, 1));
  ASSERT_TRUE(routes_->add({0x0a1e0000, 16}, 2));
  ASSERT_TRUE(routes_->add({0x0a1e0009, 32}, 3));
  EXPECT_EQ(lookup(0x08080808), 1);
  EXPECT_EQ(lookup(0x0a1e0008), 2);
  EXPECT_EQ(lookup(0x0a1e0009), 3);
  routes_->remove({0x0a1e0009, 32});
  EXPECT_EQ(lookup(0x0a1e0009), 2);
  routes_->remove({0x0a1e0000, 16});
  EXPECT_EQ(lookup(0x0a1e0009), 1);
  routes_->remove({0, 0});
  EXPECT_EQ(lookup(0x0a1e0009), no_next_hop);
}

TEST_F(LpmRouteTableTest, host_bits_are_ignored_and_the_last_next_hop_counts) {
  ASSERT_TRUE(routes_->add({0x0a1e0001, 24}, 5));
  ASSERT_TRUE(routes_->add({0x0a1e0077, 24}, 6));
  EXPECT_EQ(lookup(0x0a1e0001), 6);
  EXPECT_EQ(routes_->list(), (std::vector<Route>{{{0x0a1e0000, 24}, 6}}));
  routes_->remove({0x0a1e0003, 24});
  EXPECT_TRUE(routes_->list().empty());
}

TEST_F(LpmRouteTableTest, each_change_has_another_generation_and_nothing_else_has) {
  const std::uint32_t before = routes_->generation();
  EXPECT_NE(before, 0u);
  routes_->remove({0x0a1e0000, 24});
  EXPECT_EQ(routes_->generation(), before) << "there was no such route";
  ASSERT_TRUE(routes_->add({0x0a1e0000, 24}, 5));
  const std::uint32_t added = routes_->generation();
  EXPECT_NE(added, before);
  routes_->remove({0x0a1e0000, 24});
  EXPECT_NE(routes_->generation(), added);
}

TEST_F(LpmRouteTableTest, more_addresses_than_a_burst_are_looked_up) {
  ASSERT_TRUE(routes_->add({0x0a1e0000, 24}, 5));
  std::vector<std::uint32_t> addresses;
  for (std::uint32_t i = 0; i < 3 * max_burst + 1; ++i) addresses.push_back(0x0a1e0000 + i % 2 * 0x10000);
  std::vector<NextHopId> found(addresses.size(), 0xffff);
  routes_->lookup(addresses, found.data());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], i % 2 == 0 ? 5 : no_next_hop) << i;
}

TEST_F(LpmRouteTableTest, agrees_with_a_map_whatever_is_added_and_removed) {
  test::TestRoutes expected;
  std::mt19937 random(5);
  // Few different networks, so that prefixes nest.
  const auto address = [&] { return static_cast<std::uint32_t>(0x0a000000 | (random() & 0x00030303)); };
  for (int round = 0; round < 4000; ++round) {
    const wire::Ipv4Prefix prefix{address(), static_cast<std::uint8_t>(random() % 33)};
    if (random() % 3 != 0) {
      const auto id = static_cast<NextHopId>(1 + random() % 4000);
      ASSERT_TRUE(routes_->add(prefix, id));
      ASSERT_TRUE(expected.add(prefix, id));
    } else {
      routes_->remove(prefix);
      expected.remove(prefix);
    }
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t at = address();
      ASSERT_EQ(lookup(at), expected.lookup_one(at)) << round;
    }
  }
  EXPECT_EQ(routes_->list(), expected.list());
}

TEST_F(LpmRouteTableTest, thousands_of_hosts_fit_and_what_does_not_fit_is_said) {
  auto small = LpmRouteTable::create("small", {.routes = 64, .groups = 4});
  ASSERT_TRUE(small);
  for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE((*small)->add({0x0a000001 + (i << 8), 32}, 1));
  EXPECT_FALSE((*small)->add({0x0a000401, 32}, 1)) << "no group is left";
  EXPECT_EQ((*small)->list().size(), 4u);
  for (std::uint32_t i = 0; i < 4000; ++i)
    ASSERT_TRUE(routes_->add({0x0a000001 + (i << 8), 32}, static_cast<NextHopId>(i % 4000 + 1)));
  EXPECT_EQ(lookup(0x0a000001 + (3999u << 8)), 4000);
}

// A reader that is always in the midst of lookups while hosts come and go: it must never be led elsewhere
// than where its host, or the network around it, was at some time.
TEST_F(LpmRouteTableTest, running_readers_never_see_what_was_left_by_another_route) {
  auto rcu = Rcu::create(1);
  ASSERT_TRUE(rcu) << rcu.error();
  ASSERT_TRUE(routes_->use_rcu((*rcu)->get()));
  ASSERT_TRUE(routes_->add({0x0a000000, 8}, 1));
  std::atomic<bool> stop = false;
  std::atomic<unsigned> wrong = 0;
  std::thread reader([&] {
    (*rcu)->online(0);
    std::array<std::uint32_t, max_burst> addresses;
    std::array<NextHopId, max_burst> found;
    for (std::uint32_t i = 0; !stop; ++i) {
      for (std::uint32_t j = 0; j < max_burst; ++j) addresses[j] = 0x0a000001 + ((i + j) % 16 << 8);
      routes_->lookup(addresses, found.data());
      for (std::uint32_t j = 0; j < max_burst; ++j)
        if (found[j] != 1 && found[j] != 100 + (i + j) % 16) ++wrong;
      (*rcu)->quiescent(0);
    }
    (*rcu)->offline(0);
  });
  std::mt19937 random(6);
  for (int round = 0; round < 20000; ++round) {
    const auto which = static_cast<std::uint32_t>(random() % 16);
    const wire::Ipv4Prefix host{0x0a000001 + (which << 8), 32};
    if (random() % 2 == 0)
      EXPECT_TRUE(routes_->add(host, static_cast<NextHopId>(100 + which)));
    else
      routes_->remove(host);
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
