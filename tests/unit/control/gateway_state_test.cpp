// SPDX-License-Identifier: Apache-2.0
#include "control/state/gateway_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

GatewayState some_state() {
  GatewayState state;
  state.sequences.salt.fill(std::byte{5});
  state.sequences_complete = true;
  Fingerprint sa;
  sa.fill(std::byte{6});
  state.sequences.entries[sa] = {channel::Direction::outbound, 0xc0000001, 12345};
  state.peers.push_back({"alice", 1, 4500, {std::byte{1}}});
  state.peers.push_back({"bøb", 0xffffffff, 0, {}});
  state.pushed.insert(sa);
  return state;
}

TEST(GatewayStateTest, comes_back_as_it_was) {
  const auto state = parse_gateway_state(format_gateway_state(some_state()));
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(*state, some_state());
  EXPECT_EQ(parse_gateway_state(format_gateway_state({})).value(), GatewayState());
}

TEST(GatewayStateTest, every_truncation_and_every_excess_is_refused) {
  auto blob = format_gateway_state(some_state());
  for (std::size_t length = 0; length < blob.size(); ++length) {
    EXPECT_FALSE(parse_gateway_state(std::span(blob).first(length))) << length;
  }
  blob.push_back(std::byte{0});
  EXPECT_FALSE(parse_gateway_state(blob));
}

TEST(GatewayStateTest, another_version_is_told) {
  auto blob = format_gateway_state(some_state());
  blob[0] = std::byte{9};
  EXPECT_THAT(parse_gateway_state(blob).error(), testing::HasSubstr("version 9"));
}

}  // namespace
}  // namespace espgate::control::test
