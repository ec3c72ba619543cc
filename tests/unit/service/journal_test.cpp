// SPDX-License-Identifier: Apache-2.0
#include "service/journal.h"

#include "service/line_log.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::service::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Journal, AnEventStaysOneLineWhateverAClientCallsItself) {
  const std::string text = quoted("user \"eve\"\nespgate: user accepted");
  EXPECT_EQ(std::ranges::count(text, '\n'), 0);
  EXPECT_THAT(text, StartsWith("\""));
  EXPECT_THAT(text, EndsWith("\""));
  EXPECT_THAT(text, HasSubstr("\\\"eve\\\""));
}

TEST(Journal, ALineForItHasAPriorityAndNoTime) {
  const LineLog log("dataplane", true);
  EXPECT_THAT(log.line("error", "link=down port=outside"), StartsWith("<3>"));
  EXPECT_THAT(log.line("info", "forwarding with 2 workers"), HasSubstr("msg=\"forwarding with 2 workers\""));
  EXPECT_THAT(log.line("info", "forwarding"), EndsWith("\n"));
}

TEST(Journal, ALineForPeopleHasTimeAndName) {
  const LineLog log("dataplane", false);
  EXPECT_THAT(log.line("warning", "the link is down"),
              testing::MatchesRegex("[0-9:]+ dataplane warning: the link is down\n"));
}

}  // namespace
}  // namespace espgate::service::test
