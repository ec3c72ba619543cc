// SPDX-License-Identifier: Apache-2.0
#include "cli/up/supervisor.h"

#include "tests/scenarios/program.h"
#include "tests/unit/cli/command_line.h"

#include <csignal>
#include <sstream>

#include <gmock/gmock.h>

namespace espgate::cli {
namespace {

using std::chrono::milliseconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Program shell(const std::string& name, const std::string& script, const std::string& socket = {}) {
  return {.name = name, .executable = "/bin/sh", .arguments = {"-c", script}, .socket = socket};
}

// A long rest that ends by SIGTERM.
const std::string rest = "exec sleep 1000";

class SupervisorTest : public testing::Test {
 protected:
  bool run(std::vector<Program> programs, Supervisor::Options options, bool told_to_end = false) {
    Supervisor supervisor(std::move(programs), log_, options);
    // Pending until it looks; its signals are blocked already.
    if (told_to_end) ::raise(SIGTERM);
    return supervisor.run();
  }
  std::string log() const { return log_.str(); }

  std::ostringstream log_;
};

TEST_F(SupervisorTest, PassesOutputOnWithTheProgramsNameAndStartsAgainWhatDies) {
  const bool good = run({shell("one", "echo hello; echo oops >&2; printf half; exit 3")},
                        {.restart_after = milliseconds(1), .restarts_a_minute = 2});
  EXPECT_FALSE(good);
  EXPECT_THAT(log(), HasSubstr("one | hello\none | oops\none | half\n"));
  EXPECT_THAT(log(), HasSubstr("up | one ended with exit code 3; it is started again in 0.001 s"));
  EXPECT_THAT(log(), HasSubstr("up | one runs again (pid "));
  EXPECT_THAT(log(), HasSubstr("up | one ended with exit code 3, 3 times within a minute now; given up"));
}

TEST_F(SupervisorTest, SaysWhichSignalKilledAProgram) {
  EXPECT_FALSE(run({shell("one", "kill -9 $$")}, {.restarts_a_minute = 0}));
  EXPECT_THAT(log(), HasSubstr("up | one was killed by signal 9 (Killed)"));
}

TEST_F(SupervisorTest, WhenTheFirstDoesNotStartTheSecondIsNotTried) {
  const espgate::test::TemporaryFolder folder;
  EXPECT_FALSE(
      run({shell("one", "echo no port; exit 1", folder / "one.sock"), shell("two", "echo started")}, {}));
  EXPECT_THAT(log(), HasSubstr("one | no port\n"));
  EXPECT_THAT(log(), HasSubstr("up | one ended with exit code 1 before it was ready"));
  EXPECT_THAT(log(), Not(HasSubstr("started")));
}

TEST_F(SupervisorTest, WhatIsNeverReadyIsGivenUp) {
  const espgate::test::TemporaryFolder folder;
  EXPECT_FALSE(run({shell("one", rest, folder / "one.sock")}, {.ready_within = milliseconds(100)}));
  EXPECT_THAT(log(), ContainsRegex("up . one does not listen on .*one.sock after 0.1 s"));
  EXPECT_THAT(log(), HasSubstr("up | one was killed by signal 15"));
}

TEST_F(SupervisorTest, WhatCannotBeExecutedSaysSo) {
  EXPECT_FALSE(run({{.name = "one", .executable = "/no/such/program", .arguments = {}, .socket = {}}},
                   {.restarts_a_minute = 0}));
  EXPECT_THAT(log(), HasSubstr("one | can't be executed: No such file or directory"));
}

TEST_F(SupervisorTest, EndsAllWhenToldToTheLastOneFirst) {
  espgate::test::TemporaryFolder folder;
  // Told by the second child, when both run.
  EXPECT_TRUE(run({shell("one", rest), shell("two", "kill -TERM $PPID; " + rest)}, {}));
  const std::string all = log();
  EXPECT_LT(all.find("up | two was killed by signal 15"), all.find("up | one was killed by signal 15"));
  EXPECT_NE(all.find("up | one was killed by signal 15"), std::string::npos);
}

TEST_F(SupervisorTest, WhatDoesNotEndIsKilled) {
  EXPECT_TRUE(run({shell("one", "trap '' TERM; kill -TERM $PPID; while :; do sleep 1; done")},
                  {.end_within = milliseconds(200)}));
  EXPECT_THAT(log(), HasSubstr("up | one does not end by itself; killed"));
}

TEST_F(SupervisorTest, ASignalBeforeTheStartEndsItAtOnce) {
  const espgate::test::TemporaryFolder folder;
  EXPECT_TRUE(run({shell("one", rest, folder / "never.sock"), shell("two", "echo started")}, {}, true));
  EXPECT_THAT(log(), Not(HasSubstr("started")));
}

TEST(UpCommand, AWrongConfigurationStartsNothing) {
  const espgate::test::TemporaryFolder folder;
  espgate::test::write_file(folder / "bad.toml", "[outside]\naddress = 3\n");
  const Answer answer = espgate({"up", "-c", folder / "bad.toml"});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.err, HasSubstr("bad.toml:2:"));
  EXPECT_THAT(answer.err, HasSubstr("nothing was started"));
  EXPECT_THAT(answer.err, Not(HasSubstr("up |")));
}

}  // namespace
}  // namespace espgate::cli
