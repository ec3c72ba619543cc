// SPDX-License-Identifier: Apache-2.0
#include "channel/handshake.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::channel::test {
namespace {

using testing::HasSubstr;

Welcome good_welcome() {
  Welcome welcome;
  welcome.workers = 2;
  welcome.slots = 1024;
  return welcome;
}

TEST(HandshakeTest, our_own_messages_are_taken) {
  EXPECT_TRUE(check_hello(message_bytes(Hello())));
  EXPECT_TRUE(check_handover(message_bytes(StateHandover()), 1));
  for (const std::size_t descriptors : {4u, 5u}) {
    const auto welcome = parse_welcome(message_bytes(good_welcome()), descriptors);
    ASSERT_TRUE(welcome) << welcome.error();
    EXPECT_EQ(welcome->workers, 2u);
    EXPECT_EQ(welcome->slots, 1024u);
  }
}

TEST(HandshakeTest, every_difference_of_layout_is_named) {
  for (std::size_t i = 0; i < layout_entries.size(); ++i) {
    Hello hello;
    hello.layout[i] += 8;
    Welcome welcome = good_welcome();
    welcome.layout[i] += 8;
    EXPECT_THAT(check_hello(message_bytes(hello)).error(), HasSubstr(std::string(layout_entries[i].name)));
    EXPECT_THAT(parse_welcome(message_bytes(welcome), 4).error(),
                HasSubstr(std::string(layout_entries[i].name)));
  }
}

TEST(HandshakeTest, every_truncation_is_refused) {
  const Hello hello;
  const Welcome welcome = good_welcome();
  for (std::size_t length = 0; length < sizeof hello; ++length) {
    EXPECT_FALSE(check_hello(message_bytes(hello).first(length)));
  }
  for (std::size_t length = 0; length < sizeof welcome; ++length) {
    EXPECT_FALSE(parse_welcome(message_bytes(welcome).first(length), 4));
  }
}

TEST(HandshakeTest, a_welcome_with_impossible_numbers_is_refused) {
  for (const auto& [workers, slots, descriptors] :
       std::vector<std::tuple<std::uint32_t, std::uint32_t, std::size_t>>{
           {0, 1, 4}, {1, 0, 4}, {1025, 1, 4}, {1, (1U << 18) + 1, 4}, {1, 1, 3}, {1, 1, 6}, {1, 1, 0}}) {
    Welcome welcome;
    welcome.workers = workers;
    welcome.slots = slots;
    EXPECT_FALSE(parse_welcome(message_bytes(welcome), descriptors))
        << workers << " " << slots << " " << descriptors;
  }
}

TEST(HandshakeTest, a_refusal_is_read_from_any_version_and_printed_safely) {
  Refusal refusal = make_refusal("no \x1b[31m, \n not today");
  refusal.preamble.version = 99;
  const auto welcome = parse_welcome(message_bytes(refusal), 0);
  ASSERT_FALSE(welcome);
  EXPECT_THAT(welcome.error(), HasSubstr("the data plane refuses: no ?[31m, ? not today"));
}

TEST(HandshakeTest, a_refusal_too_long_is_cut_and_one_without_end_is_read_to_its_end) {
  const Refusal refusal = make_refusal(std::string(1000, 'x'));
  EXPECT_EQ(std::strlen(refusal.why.data()), refusal.why.size() - 1);
  const auto bytes = message_bytes(refusal).first(offsetof(Refusal, why) + 5);
  EXPECT_THAT(parse_welcome(bytes, 0).error(), testing::EndsWith("xxxxx"));
  EXPECT_FALSE(parse_welcome(message_bytes(refusal).first(sizeof(Preamble)), 0));
}

TEST(HandshakeTest, a_handover_needs_exactly_one_descriptor) {
  EXPECT_FALSE(check_handover(message_bytes(StateHandover()), 0));
  EXPECT_FALSE(check_handover(message_bytes(StateHandover()), 2));
  EXPECT_FALSE(check_handover(message_bytes(Hello()), 1));
}

}  // namespace
}  // namespace espgate::channel::test
