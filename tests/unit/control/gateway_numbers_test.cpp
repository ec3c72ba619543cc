// SPDX-License-Identifier: Apache-2.0
// Sequence numbers never repeat, whoever dies.
#include "tests/unit/control/gateway_fixture.h"

#include <gmock/gmock.h>

namespace espgate::control::test {
namespace {

using channel::CommandType;
using channel::Direction;
using testing::HasSubstr;

constexpr std::uint64_t block = 1U << 20;
constexpr std::uint64_t jump = 1U << 16;

class GatewayNumbersTest : public GatewayFixture {
 protected:
  [[nodiscard]] channel::SaAdd outbound() const { return dataplane_->added(Direction::outbound, 1); }
  [[nodiscard]] channel::SaAdd inbound() const { return dataplane_->added(Direction::inbound, 1); }
  [[nodiscard]] std::uint64_t last_allowed() const {
    return dataplane_->sas.at({Direction::outbound, 1, 0xc0000001}).last_sequence;
  }
  void start_both() {
    start_control();
    start_dataplane();
    connect();
  }
};

TEST_F(GatewayNumbersTest, after_the_data_plane_died_they_go_on_2_to_the_16_ahead_of_its_counters) {
  start_both();
  dataplane_->progress(1).outbound_next = 5000;
  dataplane_->progress(1).inbound_highest = 777;
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(outbound().sequence, 5000 + jump);
  EXPECT_GE(outbound().last_sequence, outbound().sequence);
  EXPECT_EQ(inbound().sequence, 777u) << "everything up to it counts as seen";
}

TEST_F(GatewayNumbersTest, also_when_it_had_sent_nothing_yet) {
  start_both();
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(outbound().sequence, 1 + jump);
}

TEST_F(GatewayNumbersTest, a_counter_beyond_what_was_allowed_is_not_believed) {
  start_both();
  dataplane_->progress(1).outbound_next = std::uint64_t{1} << 31;
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(outbound().sequence, block + 1 + jump);
}

TEST_F(GatewayNumbersTest, after_both_died_they_start_behind_everything_that_was_reserved) {
  start_both();
  dataplane_->progress(1).inbound_highest = 888;
  tick();
  kill_control();
  left_.reset();
  start_dataplane();
  start_control();
  connect();
  EXPECT_EQ(outbound().sequence, block + 1);
  EXPECT_EQ(outbound().last_sequence, 2 * block);
  EXPECT_EQ(inbound().sequence, 888u);
}

TEST_F(GatewayNumbersTest, more_are_reserved_and_written_before_the_data_plane_hears_of_them) {
  start_both();
  dataplane_->progress(1).outbound_next = block / 2;
  tick();
  EXPECT_EQ(dataplane_->count(CommandType::sa_update), 0u);
  dataplane_->progress(1).outbound_next = block * 7 / 8;
  tick();
  ASSERT_EQ(dataplane_->count(CommandType::sa_update), 1u);
  const std::uint64_t allowed = last_allowed();
  EXPECT_GT(allowed, block + block / 2);
  kill_control();
  left_.reset();
  start_dataplane();
  start_control();
  connect();
  EXPECT_EQ(outbound().sequence, allowed + 1);
}

TEST_F(GatewayNumbersTest, a_fast_sa_gets_larger_blocks) {
  start_both();
  std::uint64_t next = 1;
  for (unsigned second = 0; second < 20; ++second) {
    next += 700'000;
    ASSERT_LE(next, last_allowed() + 1) << "it would have stopped";
    dataplane_->progress(1).outbound_next = next;
    tick();
  }
  EXPECT_GT(last_allowed() - next, 2 * 700'000u);
}

TEST_F(GatewayNumbersTest, soft_life_asks_for_more_at_once) {
  start_both();
  EXPECT_FALSE(gateway_->take_urgent());
  channel::Event soft;
  soft.type = channel::EventType::soft_life;
  soft.slot = 1;
  tell(soft);
  EXPECT_TRUE(gateway_->take_urgent());
  EXPECT_FALSE(gateway_->take_urgent());
}

TEST_F(GatewayNumbersTest, a_control_process_that_comes_back_raises_them_for_what_is_installed) {
  start_both();
  dataplane_->progress(1).outbound_next = block * 15 / 16;
  kill_control();
  start_control();
  connect();
  tick();
  EXPECT_GT(last_allowed(), block);
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(outbound().sequence, block * 15 / 16 + jump);
}

TEST_F(GatewayNumbersTest, without_extended_numbers_they_end_at_2_to_the_32) {
  start_both();
  const std::uint64_t near_end = (std::uint64_t{1} << 32) - 1000;
  std::uint64_t next = 1;
  while (next < near_end) {  // as fast as it may
    next = std::min(last_allowed(), near_end);
    dataplane_->progress(1).outbound_next = next;
    tick();
  }
  EXPECT_EQ(last_allowed(), 0xffff'ffffu);
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(dataplane_->sas.size(), 0u) << "2^16 ahead there is nothing left";
  EXPECT_THAT(peer(0).problem, HasSubstr("give it a new key"));
}

TEST_F(GatewayNumbersTest, with_extended_numbers_they_go_beyond) {
  wanted_[0].esn = true;
  start_both();
  std::uint64_t next = 1;
  while (next <= std::uint64_t{1} << 33) {
    next = last_allowed();
    dataplane_->progress(1).outbound_next = next;
    tick();
  }
  EXPECT_GT(last_allowed(), std::uint64_t{1} << 33);
}

TEST_F(GatewayNumbersTest, without_a_file_cbc_starts_from_the_clock_and_moves_forward) {
  use_file_ = false;
  start_both();
  const std::uint64_t first = outbound().sequence;
  EXPECT_GT(first, 1'000'000u);
  EXPECT_EQ(outbound().last_sequence, 0xffff'ffffu);
  kill_control();
  left_.reset();
  now_ += std::chrono::seconds(10);
  start_dataplane();
  start_control();
  connect();
  EXPECT_EQ(outbound().sequence, first + 80);
}

TEST_F(GatewayNumbersTest, without_a_file_an_aead_does_not_start) {
  use_file_ = false;
  wanted_[0] = static_peer(1, "aes256gcm16");
  start_both();
  EXPECT_TRUE(dataplane_->sas.empty());
  EXPECT_THAT(peer(0).problem, HasSubstr("needs runtime.state_directory"));
}

TEST_F(GatewayNumbersTest, without_a_file_and_a_clock_nothing_starts) {
  use_file_ = false;
  now_ = {};
  start_both();
  EXPECT_TRUE(dataplane_->sas.empty());
  EXPECT_THAT(peer(0).problem, HasSubstr("clock"));
}

TEST_F(GatewayNumbersTest, an_aead_key_under_another_spi_goes_on_where_it_was) {
  wanted_[0] = static_peer(1, "aes256gcm16");
  start_both();
  EXPECT_EQ(outbound().sequence, 1u);
  kill_control();
  wanted_[0].outbound.spi = 0xc0009999;
  start_control();
  connect();
  EXPECT_EQ(outbound().spi, 0xc0009999u);
  EXPECT_EQ(outbound().sequence, block + 1) << "the nonce hangs on the key alone";
}

}  // namespace
}  // namespace espgate::control::test
