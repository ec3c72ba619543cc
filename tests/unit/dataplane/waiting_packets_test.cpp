// SPDX-License-Identifier: Apache-2.0
#include "dataplane/waiting_packets.h"

#include <array>

#include <gtest/gtest.h>

namespace espgate::dataplane {
namespace {

class WaitingPacketsTest : public testing::Test {
 protected:
  void* packet(std::size_t i) { return &packets_.at(i); }
  using Packets = std::vector<void*>;

  std::array<char, 16> packets_{};
  WaitingPackets waiting_{3, 5};
};

TEST_F(WaitingPacketsTest, each_ones_packets_come_back_in_order_and_once) {
  EXPECT_EQ(waiting_.add(7, packet(0)), Packets{});
  EXPECT_EQ(waiting_.add(8, packet(1)), Packets{});
  EXPECT_EQ(waiting_.add(7, packet(2)), Packets{});
  EXPECT_EQ(waiting_.count(7), 2u);
  EXPECT_EQ(waiting_.take(7), (Packets{packet(0), packet(2)}));
  EXPECT_EQ(waiting_.take(7), Packets{});
  EXPECT_EQ(waiting_.count(7), 0u);
  EXPECT_EQ(waiting_.take(8), Packets{packet(1)});
}

TEST_F(WaitingPacketsTest, too_many_for_one_push_out_its_oldest) {
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(waiting_.add(7, packet(i)), Packets{});
  EXPECT_EQ(waiting_.add(7, packet(3)), Packets{packet(0)});
  EXPECT_EQ(waiting_.take(7), (Packets{packet(1), packet(2), packet(3)}));
}

TEST_F(WaitingPacketsTest, too_many_altogether_push_out_the_oldest_of_all) {
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(waiting_.add(i % 2, packet(i)), Packets{});
  EXPECT_EQ(waiting_.add(9, packet(5)), Packets{packet(0)});
  EXPECT_EQ(waiting_.add(9, packet(6)), Packets{packet(1)});
  EXPECT_EQ(waiting_.take_all(), (Packets{packet(2), packet(3), packet(4), packet(5), packet(6)}));
  EXPECT_EQ(waiting_.count(9), 0u);
  EXPECT_EQ(waiting_.take_all(), Packets{});
}

}  // namespace
}  // namespace espgate::dataplane
