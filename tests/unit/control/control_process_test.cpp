// SPDX-License-Identifier: Apache-2.0
// espgate-control as a process: what survives which death.
#include "channel/control_end.h"
#include "channel/json_socket.h"
#include "channel/segment.h"
#include "control/system_calls.h"
#include "tests/unit/control/control_process_fixture.h"

#include <csignal>
#include <filesystem>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace espgate::control::test {
namespace {

using channel::CommandType;
using channel::Direction;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* alice = R"([[static_peer]]
name = "alice"
suite = "aes256gcm16"
remote = "198.51.100.7:4500"
inner_address = "10.40.0.2"
tunnel = 1
session = 1
peer_tunnel = 7
peer_session = 9
inbound = { spi = 0x10000400, key = "0x0c89e0cd4e9b645e91497714221b1dc15492c2c9cea80e29fd65f09b51582207b0dfbb97" }
outbound = { spi = 0xc1000001, key = "0x3420dda838032ff3c2247e2eba86bb0af1b22687222b029a29b4a6cff1510c9cd127bb94" }
)";

class ControlProcessTest : public ControlProcessFixture {
 protected:
  ControlProcessTest() : ControlProcessFixture(ESPGATE_CONTROL) { write_config(alice); }
  void start_both() {
    start_dataplane();
    start_control();
    wait_installed();
  }
  void wait_installed() {
    step_until([&] { return dataplane_->sessions.size() == 1; });
    step_until([&] { return ask({{"command", "status"}})["peers"]["installed"] == 1; });
  }
  json ask(const json& request) const {
    auto client = channel::JsonClient::connect(socket("control.sock"));
    if (!client) return {};
    const auto answer = client->ask(request);
    return answer ? *answer : json();
  }
  // A new control process that has compared and is content.
  void restart_control() {
    dataplane_->forget_commands();
    start_control();
    step_until([&] { return ask({{"command", "status"}})["dataplane"]["reconciled"] == true; });
    step_until([&] { return ask({{"command", "status"}})["peers"]["installed"] == 1; });
  }
};

TEST_F(ControlProcessTest, installs_answers_and_ends_cleanly) {
  start_both();
  EXPECT_EQ(dataplane_->sas.size(), 2u);
  const json status = ask({{"command", "status"}});
  EXPECT_EQ(status["pid"], control_);
  EXPECT_EQ(status["dataplane"]["connected"], true);
  const json peer = ask({{"command", "peer"}, {"peer_id", dataplane_->peers.begin()->first}});
  EXPECT_EQ(peer["peer"]["name"], "alice");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(socket("control.sock")).permissions(),
            perms::owner_read | perms::owner_write);
  EXPECT_EQ(end_control(SIGTERM), 0) << log();
  EXPECT_FALSE(std::filesystem::exists(socket("control.sock")));
  EXPECT_THAT(log(), testing::Not(HasSubstr("3420dda8"))) << "no key in the log";
}

// The line of /proc/PID/status with that name.
std::string status_of(pid_t process, const std::string& name) {
  std::istringstream lines(espgate::test::read_file("/proc/" + std::to_string(process) + "/status"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  return "none";
}

TEST_F(ControlProcessTest, has_no_rights_and_few_system_calls_once_it_runs) {
  start_both();
  EXPECT_EQ(status_of(control_, "CapEff"), "0000000000000000");
  EXPECT_EQ(status_of(control_, "CapPrm"), "0000000000000000");
  EXPECT_EQ(status_of(control_, "NoNewPrivs"), "1");
  EXPECT_EQ(status_of(control_, "Seccomp"), can_filter_system_calls() ? "2" : "0");
}

TEST_F(ControlProcessTest, one_that_was_killed_is_followed_by_one_that_goes_on) {
  start_both();
  EXPECT_EQ(end_control(SIGKILL), 128 + SIGKILL);
  step_until([&] { return !dataplane_->is_connected(); });
  restart_control();
  EXPECT_EQ(dataplane_->changes(), 0u);
  EXPECT_THAT(log(), HasSubstr("going on from the state of the control process before"));
}

TEST_F(ControlProcessTest, a_state_that_is_no_state_is_told_and_loses_nothing) {
  start_both();
  end_control(SIGKILL);
  step_until([&] { return !dataplane_->is_connected(); });
  {
    // Another control process that leaves rubbish.
    std::unique_ptr<channel::ControlEnd> vandal;
    std::thread thread([&] {
      auto connected = channel::ControlEnd::connect(socket("channel.sock"));
      if (connected) vandal = std::move(*connected);
    });
    step_until([&] { return dataplane_->is_connected(); });
    thread.join();
    ASSERT_TRUE(vandal);
    auto rubbish = channel::Segment::create("rubbish", 8192);
    ASSERT_TRUE(rubbish) << rubbish.error();
    ASSERT_TRUE(vandal->hand_over_state(rubbish->descriptor()));
  }
  step_until([&] { return !dataplane_->is_connected(); });
  restart_control();
  EXPECT_EQ(dataplane_->changes(), 0u);
  EXPECT_THAT(log(), HasSubstr("can't be used: it is no state of a control process"));
}

TEST_F(ControlProcessTest, a_data_plane_that_comes_back_is_told_everything_with_numbers_further_on) {
  start_both();
  dataplane_->progress(1).outbound_next = 9000;
  dataplane_->progress(1).inbound_highest = 500;
  dataplane_.reset();
  start_dataplane();
  step_until([&] { return dataplane_->sessions.size() == 1; });
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).sequence, 9000u + (1U << 16));
  EXPECT_EQ(dataplane_->added(Direction::inbound, 1).sequence, 500u);
}

TEST_F(ControlProcessTest, after_both_died_no_number_comes_again) {
  start_both();
  const auto last = dataplane_->added(Direction::outbound, 1).last_sequence;
  end_control(SIGKILL);
  start_dataplane();
  start_control();
  step_until([&] { return dataplane_->sessions.size() == 1; });
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).sequence, last + 1);
}

TEST_F(ControlProcessTest, what_was_received_up_to_a_clean_end_counts_as_seen) {
  start_both();
  dataplane_->progress(1).inbound_highest = 4711;
  EXPECT_EQ(end_control(SIGTERM), 0);
  start_dataplane();
  start_control();
  step_until([&] { return dataplane_->sessions.size() == 1; });
  EXPECT_EQ(dataplane_->added(Direction::inbound, 1).sequence, 4711u);
}

TEST_F(ControlProcessTest, numbers_are_raised_while_it_runs) {
  start_both();
  const auto last = dataplane_->added(Direction::outbound, 1).last_sequence;
  dataplane_->progress(1).outbound_next = last - 1000;
  step_until([&] { return dataplane_->count(CommandType::sa_update) > 0; });
  EXPECT_GT(dataplane_->commands(CommandType::sa_update)[0].sa_update.last_sequence, last);
}

TEST_F(ControlProcessTest, a_second_one_is_refused_and_the_first_goes_on) {
  start_both();
  const auto second = espgate::test::run({program_, "-c", folder_ / "gateway.toml"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.errors, HasSubstr("another"));
  EXPECT_EQ(ask({{"command", "status"}})["dataplane"]["connected"], true);
}

TEST_F(ControlProcessTest, waits_for_a_data_plane_and_says_so_once) {
  start_control();
  step_until([&] { return ask({{"command", "status"}})["dataplane"].contains("error"); });
  for (unsigned i = 0; i < 5; ++i) (void)ask({{"command", "status"}});
  const std::string said = log();
  EXPECT_NE(said.find("no data plane yet"), std::string::npos);
  EXPECT_EQ(said.find("no data plane yet"), said.rfind("no data plane yet"));
  ::kill(control_, SIGHUP);
  start_dataplane();
  wait_installed();
  EXPECT_EQ(end_control(SIGINT), 0);
}

TEST_F(ControlProcessTest, a_configuration_with_errors_is_refused) {
  write_config("[[static_peer]]\nname = 3\n");
  const auto result = espgate::test::run({program_, "-c", folder_ / "gateway.toml"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("gateway.toml:"));
}

}  // namespace
}  // namespace espgate::control::test
