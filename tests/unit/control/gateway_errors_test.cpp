// SPDX-License-Identifier: Apache-2.0
// What goes wrong is told by peer, and tried again; nothing is reused.
#include "tests/unit/control/gateway_fixture.h"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/resource.h>

namespace espgate::control::test {
namespace {

using channel::CommandType;
using channel::Direction;
using channel::Result;
using testing::HasSubstr;

constexpr std::uint64_t block = 1U << 20;

// No file of this process can grow while it lives: a full disk without a disk.
class FullDisk {
 public:
  FullDisk() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none = {0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

class GatewayErrorsTest : public GatewayFixture {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return state_directory_ / "sequences"; }
  void damage_file() {
    std::string content = espgate::test::read_file(file());
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    espgate::test::write_file(file(), content);
  }
  void ticks(unsigned count) {
    for (unsigned i = 0; i < count; ++i) tick();
  }
};

TEST_F(GatewayErrorsTest, an_error_of_the_data_plane_is_told_with_a_remedy_and_tried_again) {
  start_control();
  start_dataplane();
  dataplane_->answers[CommandType::session_update] = Result::bad_address;
  connect();
  EXPECT_THAT(peer(0).problem, HasSubstr("session 1/1"));
  EXPECT_THAT(peer(0).problem, HasSubstr("clients.pool"));
  dataplane_->answers.clear();
  ticks(6);
  EXPECT_TRUE(peer(0).is_installed());
  EXPECT_EQ(peer(0).problem, "");
  EXPECT_EQ(dataplane_->count(CommandType::sa_add), 2u) << "what was installed is not sent again";
}

TEST_F(GatewayErrorsTest, an_sa_that_is_refused_again_and_again_uses_up_no_numbers) {
  start_control();
  start_dataplane();
  dataplane_->answers[CommandType::sa_add] = Result::slot_taken;
  connect();
  ticks(60);
  EXPECT_GT(dataplane_->count(CommandType::sa_add), 10u);
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).sequence, 1u);
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).last_sequence, block);
  EXPECT_THAT(peer(0).problem, HasSubstr("change the SPI"));
}

TEST_F(GatewayErrorsTest, every_result_has_a_sentence) {
  for (const Result result :
       {Result::no_such_peer, Result::no_such_sa, Result::no_such_session, Result::slot_taken,
        Result::address_taken, Result::bad_address, Result::bad_suite, Result::table_full, Result::busy,
        Result::unknown_command, Result{999}}) {
    start_control();
    start_dataplane();
    dataplane_->answers[CommandType::peer_update] = result;
    connect();
    EXPECT_THAT(peer(0).problem, testing::Not(HasSubstr("done")));
    EXPECT_GT(peer(0).problem.size(), 20u);
    kill_control();
  }
}

TEST_F(GatewayErrorsTest, a_slot_that_the_data_plane_does_not_have_stops_its_peer_only) {
  wanted_.push_back(static_peer(100));
  start_control();
  start_dataplane(64);
  connect();
  EXPECT_TRUE(peer(0).is_installed());
  EXPECT_FALSE(peer(1).is_installed());
  EXPECT_THAT(peer(1).problem, HasSubstr("only 64 slots"));
}

TEST_F(GatewayErrorsTest, a_damaged_file_starts_nothing) {
  start_control();
  start_dataplane();
  connect();
  kill_control();
  left_.reset();
  damage_file();
  const std::string damaged = espgate::test::read_file(file());
  start_dataplane();
  start_control();
  connect();
  ticks(10);
  EXPECT_TRUE(dataplane_->sas.empty());
  EXPECT_THAT(peer(0).problem, HasSubstr("give every static peer new keys"));
  EXPECT_EQ(espgate::test::read_file(file()), damaged) << "nothing is written over it";
}

TEST_F(GatewayErrorsTest, with_a_damaged_file_what_is_installed_goes_on) {
  start_control();
  start_dataplane();
  connect();
  kill_control();
  left_.reset();
  damage_file();
  dataplane_->forget_commands();
  // Twice: the state that the first of them leaves must not pass for a whole file.
  for (unsigned i = 0; i < 2; ++i) {
    start_control();
    connect();
    ticks(3);
    EXPECT_EQ(dataplane_->changes(), 0u);
    EXPECT_TRUE(peer(0).is_installed());
    EXPECT_EQ(dataplane_->count(CommandType::sa_update), 0u);
    kill_control();
  }
  start_dataplane();
  start_control();
  connect();
  EXPECT_TRUE(dataplane_->sas.empty());
}

TEST_F(GatewayErrorsTest, a_damaged_file_is_made_good_by_what_the_last_control_process_left) {
  start_control();
  start_dataplane();
  connect();
  kill_control();
  damage_file();
  dataplane_->forget_commands();
  start_control();
  connect();
  ticks(2);
  EXPECT_EQ(dataplane_->changes(), 0u);
  kill_control();
  left_.reset();
  start_dataplane();
  start_control();
  connect();
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).sequence, block + 1);
}

TEST_F(GatewayErrorsTest, while_the_file_cannot_be_written_nothing_starts) {
  start_control();
  start_dataplane();
  const std::filesystem::path in_the_way = state_directory_ / "sequences.new";
  std::filesystem::create_directory(in_the_way);
  connect();
  EXPECT_TRUE(dataplane_->sas.empty());
  EXPECT_THAT(peer(0).problem, HasSubstr("can't be written"));
  EXPECT_THAT(peer(0).problem, HasSubstr("free some space"));
  std::filesystem::remove(in_the_way);
  ticks(6);
  EXPECT_TRUE(peer(0).is_installed());
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).sequence, 1u);
}

TEST_F(GatewayErrorsTest, a_disk_that_is_full_later_gives_no_numbers_out) {
  start_control();
  start_dataplane();
  connect();
  dataplane_->progress(1).outbound_next = block * 7 / 8;
  {
    const FullDisk full;
    ticks(3);
    EXPECT_EQ(dataplane_->count(CommandType::sa_update), 0u);
  }
  tick();
  EXPECT_EQ(dataplane_->count(CommandType::sa_update), 1u);
}

TEST_F(GatewayErrorsTest, two_control_processes_cannot_use_one_file) {
  start_control();
  const auto second = SequenceFile::open(state_directory_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another control process uses it"));
}

}  // namespace
}  // namespace espgate::control::test
