// SPDX-License-Identifier: Apache-2.0
#include "dataplane/next_hop_table.h"

#include "dataplane/own_addresses.h"
#include "dataplane/unicast.h"

#include <memory>
#include <set>

#include <gtest/gtest.h>

namespace espgate::dataplane {
namespace {

wire::MacAddress mac(unsigned last) {
  wire::MacAddress address{{std::byte{2}}};
  address.bytes[5] = std::byte(last);
  return address;
}

NextHop resolved(unsigned last) {
  return {.destination = mac(last), .port = 1, .state = NextHop::State::resolved};
}

class NextHopTableTest : public testing::Test {
 protected:
  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
};

TEST_F(NextHopTableTest, every_id_but_none_is_given_once) {
  std::set<NextHopId> ids;
  for (unsigned i = 1; i < NextHopTable::capacity; ++i) {
    const NextHopId id = hops_->allocate(resolved(i & 0xff));
    ASSERT_NE(id, no_next_hop);
    EXPECT_TRUE(ids.insert(id).second);
  }
  EXPECT_EQ(hops_->allocate(resolved(1)), no_next_hop) << "full";
  hops_->release(77);
  EXPECT_EQ(hops_->allocate(resolved(1)), 77);
}

TEST_F(NextHopTableTest, an_id_that_was_just_released_comes_back_last) {
  const NextHopId first = hops_->allocate(resolved(1));
  hops_->release(first);
  for (unsigned i = 2; i < NextHopTable::capacity; ++i) EXPECT_NE(hops_->allocate(resolved(1)), first);
  EXPECT_EQ(hops_->allocate(resolved(1)), first);
}

TEST_F(NextHopTableTest, an_entry_says_what_was_set_and_none_is_free) {
  const NextHopId id = hops_->allocate(resolved(7));
  EXPECT_EQ(hops_->get(id), resolved(7));
  const NextHop incomplete{.destination = {}, .port = 3, .state = NextHop::State::incomplete};
  hops_->set(id, incomplete);
  EXPECT_EQ(hops_->get(id), incomplete);
  EXPECT_EQ(hops_->get(no_next_hop).state, NextHop::State::free);
}

TEST_F(NextHopTableTest, a_port_is_down_until_it_is_said_to_be_up) {
  EXPECT_FALSE(hops_->is_up(2));
  EXPECT_EQ(hops_->port(2), PortLink{});
  hops_->set_port(2, {.source = mac(9), .mtu = 9001});
  hops_->set_port_up(2, true);
  EXPECT_TRUE(hops_->is_up(2));
  EXPECT_EQ(hops_->port(2), (PortLink{.source = mac(9), .mtu = 9001}));
  EXPECT_FALSE(hops_->is_up(1));
}

TEST(OwnAddresses, an_address_that_is_not_there_is_not_zero) {
  const OwnAddresses own{.outside = 0x0a000001};
  EXPECT_TRUE(own.contains(0x0a000001));
  EXPECT_FALSE(own.contains(0));
  EXPECT_FALSE(own.contains(0x0a000002));
}

TEST(Unicast, the_edges_of_what_one_host_can_have) {
  for (const std::uint32_t yes : {0x01000000u, 0x7effffffu, 0x80000000u, 0xdfffffffu, 0x0a000001u})
    EXPECT_TRUE(is_unicast(yes)) << yes;
  for (const std::uint32_t no : {0u, 0x00ffffffu, 0x7f000001u, 0x7fffffffu, 0xe0000000u, 0xffffffffu})
    EXPECT_FALSE(is_unicast(no)) << no;
}

}  // namespace
}  // namespace espgate::dataplane
