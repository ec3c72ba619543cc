// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

TEST(CommandLine, TellsItsVersion) {
  const Answer answer = espgate({"--version"});
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_THAT(answer.out, MatchesRegex("espgate [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, HelpListsEveryCommand) {
  const Answer answer = espgate({"--help"});
  EXPECT_EQ(answer.exit_code, success);
  for (const char* command : {"check", "doctor"}) EXPECT_THAT(answer.out, HasSubstr(command));
}

TEST(CommandLine, WrongUsageIsExitCode2) {
  for (const auto& arguments :
       {std::initializer_list<std::string>{}, {"chekk"}, {"check"}, {"doctor", "--no-such-option"}}) {
    const Answer answer = espgate(arguments);
    EXPECT_EQ(answer.exit_code, usage_error);
    EXPECT_THAT(answer.out, IsEmpty());
    EXPECT_THAT(answer.err, HasSubstr("--help"));
  }
}

}  // namespace
}  // namespace espgate::cli
