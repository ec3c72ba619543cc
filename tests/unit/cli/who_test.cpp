// SPDX-License-Identifier: Apache-2.0
#include "cli/who.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const json lines = {{{"user", "alice"},
                     {"address", "10.40.0.1"},
                     {"state", "connected"},
                     {"connected_seconds", 62},
                     {"peer_id", 65536},
                     {"tunnel", 7},
                     {"session", 9},
                     {"client_host", "laptop\x1b[2J"}},
                    {{"state", "LCP"}, {"peer_id", 65537}, {"tunnel", 1}, {"session", 2}}};

TEST(Who, has_a_row_for_each_call_however_far_it_has_come) {
  const std::string text = who_text(lines);
  EXPECT_THAT(text, HasSubstr("alice  10.40.0.1  connected  1m 02s   65536  7/9"));
  EXPECT_THAT(text, HasSubstr("-      -          LCP             -   65537  1/2"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "a client's name can't move the cursor";
}

TEST(Who, says_so_when_nobody_is_there) { EXPECT_EQ(who_text(json::array()), "nobody has dialled in\n"); }

TEST(Who, finds_a_users_lines_by_name_and_by_address) {
  EXPECT_EQ(lines_of(lines, "alice").size(), 1U);
  EXPECT_EQ(lines_of(lines, "10.40.0.1").size(), 1U);
  EXPECT_TRUE(lines_of(lines, "-").empty());
  EXPECT_TRUE(lines_of(lines, "").empty()) << "no name is nobody's name";
}

}  // namespace
}  // namespace espgate::cli::test
