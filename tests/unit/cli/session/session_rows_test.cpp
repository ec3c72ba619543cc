// SPDX-License-Identifier: Apache-2.0
#include "cli/session/session_rows.h"

#include "tests/unit/cli/command_line.h"
#include "tests/unit/cli/fake_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const json lines = {
    {{"user", "alice"},
     {"address", "10.40.0.1"},
     {"state", "connected"},
     {"remote", {{"address", "198.51.100.2"}, {"port", 61000}}},
     {"behind_nat", "10.10.1.2"},
     {"connected_seconds", 62},
     {"connected_since", 1'700'000'000},
     {"heard_seconds_ago", 3},
     {"traffic", {{"packets_in", 10}, {"bytes_in", 1500}, {"packets_out", 2}, {"bytes_out", 99}}},
     {"limits", {{"rate_from_client_kbit", 0}, {"rate_to_client_kbit", 512}}},
     {"suite", "aes256-sha256"},
     {"spi_in", "0x10000400"},
     {"client_kind", "Windows"},
     {"client_host", "laptop\x1b[2J"},
     {"mru", 1400},
     {"peer_id", 65536},
     {"tunnel", 7},
     {"session", 9}},
    {{"state", "LCP"},
     {"remote", {{"address", "198.51.100.2"}, {"port", 61001}}},
     {"peer_id", 65537},
     {"tunnel", 1},
     {"session", 2}}};
const json sessions = {
    {{"peer", 65536},
     {"tunnel", 7},
     {"session", 9},
     {"inner", "10.40.0.1"},
     {"open", true},
     {"owner", 1},
     {"inner_limit", 1380},
     {"rate_limited_from_client", 0},
     {"rate_limited_to_client", 17},
     {"traffic", {{"packets_in", 1}, {"bytes_in", 2}, {"packets_out", 3}, {"bytes_out", 4}}}},
    {{"peer", 1},
     {"name", "office"},
     {"tunnel", 1},
     {"session", 1},
     {"peer_tunnel", 7},
     {"peer_session", 9},
     {"inner", "10.40.0.9"},
     {"remote", "203.0.113.9"},
     {"open", true},
     {"owner", 0},
     {"spi_out", nullptr},
     {"traffic", {{"packets_in", 5}, {"bytes_in", 6}, {"packets_out", 7}, {"bytes_out", 8}}}}};

std::string shown(SessionView view) {
  auto rows = session_rows(lines, sessions);
  const auto arranged = arrange(rows, view);
  return arranged ? session_table(rows, view) : arranged.error();
}

TEST(SessionRows, are_what_both_processes_know_of_one_session) {
  const auto rows = session_rows(lines, sessions);
  ASSERT_EQ(rows.size(), 3U) << "alice is in both lists, and is one row";
  EXPECT_EQ(rows[0].at("user"), "office");
  EXPECT_EQ(rows[0].at("bytes_in"), 6) << "of a static peer only the data plane knows";
  EXPECT_EQ(rows[1].at("user"), "alice");
  EXPECT_EQ(rows[1].at("bytes_in"), 1500) << "control's figures outlast a rekey";
  EXPECT_EQ(rows[1].at("drops"), 17);
  EXPECT_EQ(rows[1].at("inner_limit"), 1380);
  EXPECT_EQ(rows[1].at("remote"), "198.51.100.2:61000");
  EXPECT_EQ(rows[2].at("state"), "LCP");
}

TEST(SessionRows, show_everything_that_is_asked_for) {
  const std::string usual = shown({});
  EXPECT_THAT(usual, HasSubstr("alice   10.40.0.1  connected  198.51.100.2:61000  10.10.1.2"));
  EXPECT_THAT(usual, HasSubstr("1m 02s     3s"));
  EXPECT_THAT(usual, HasSubstr("Windows, laptop"));
  EXPECT_THAT(usual, Not(HasSubstr("\x1b"))) << "a client's name can't move the cursor";
  EXPECT_THAT(usual, Not(HasSubstr("SPI IN")));
  const std::string all = shown({.columns = {"all"}, .sort = {}, .match = {}});
  EXPECT_THAT(all, HasSubstr("0x10000400"));
  EXPECT_THAT(all, HasSubstr("2023-11-14T22:13:20Z"));
  EXPECT_EQ(shown({.columns = {"user", "rate_to_client_kbit"}, .sort = "user", .match = {"alice"}}),
            "USER   KBIT TO\nalice      512\n");
  EXPECT_EQ(session_table({}, {}), "nobody is connected\n");
}

TEST(SessionRows, are_sorted_by_numbers_as_numbers_and_what_is_missing_comes_last) {
  const auto order = [](const std::string& by) {
    return shown({.columns = {"peer_id"}, .sort = by, .match = {}});
  };
  EXPECT_EQ(order("bytes_in"), "   ID\n    1\n65536\n65537\n");
  EXPECT_EQ(order("-bytes_in"), "   ID\n65537\n65536\n    1\n");
  EXPECT_EQ(order("drops"), "   ID\n    1\n65536\n65537\n");
}

TEST(SessionRows, match_a_column_or_any) {
  const auto found = [](std::vector<std::string> what) {
    return shown({.columns = {"peer_id"}, .sort = "peer_id", .match = std::move(what)});
  };
  EXPECT_EQ(found({"user=al*"}), "   ID\n65536\n");
  EXPECT_EQ(found({"198.51.100.2"}), "   ID\n65536\n65537\n");
  EXPECT_EQ(found({"198.51.100.2", "state=LCP"}), "   ID\n65537\n");
  EXPECT_EQ(found({"user=carol"}), "nobody matches\n");
}

TEST(SessionRows, name_the_columns_when_one_is_not_there) {
  for (const SessionView& view :
       {SessionView{{"usr"}, {}, {}}, SessionView{{}, "-usr", {}}, SessionView{{}, {}, {"usr=x"}}})
    EXPECT_THAT(shown(view), HasSubstr("no column is called \"usr\"; there are: user address"));
}

TEST(SessionRows, are_found_by_user_and_by_address) {
  const auto rows = session_rows(lines, sessions);
  EXPECT_EQ(rows_of(rows, "alice").size(), 1U);
  EXPECT_EQ(rows_of(rows, "10.40.0.1").size(), 1U);
  EXPECT_TRUE(rows_of(rows, "-").empty());
  EXPECT_TRUE(rows_of(rows, "").empty()) << "no name is nobody's name";
}

TEST(SessionCommand, asks_both_processes_for_all_pages) {
  FakeGateway gateway;
  gateway.dataplane([](const json&) { return json{{"ok", true}, {"sessions", sessions}}; });
  gateway.control([](const json& request) {
    if (request.at("command") == "peer") return json{{"ok", true}, {"peers", json::array()}};
    json answer = {{"ok", true}, {"lines", {lines.at(request.contains("after") ? 1 : 0)}}};
    if (!request.contains("after")) answer["next"] = 65536;
    return answer;
  });
  gateway.run();
  const Answer answer = espgate({"session", "--columns", "user,state", "--sort", "peer_id",
                                 "--runtime-directory", gateway.directory()});
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_EQ(answer.out, "USER    STATE\noffice  open\nalice   connected\n-       LCP\n");
}

TEST(SessionCommand, kicks_a_user_by_name) {
  json asked;
  FakeGateway gateway;
  gateway.control([&](const json& request) {
    if (request.at("command") == "hang up") asked = request;
    return json{{"ok", true}, {"lines", lines}};
  });
  gateway.run();
  const std::vector<std::string> where = {"--runtime-directory", gateway.directory()};
  const auto kick = [&](const std::string& user) {
    return espgate({"session", "kick", user, where[0], where[1]});
  };
  EXPECT_EQ(kick("nobody").exit_code, 1);
  EXPECT_TRUE(asked.is_null());
  const Answer answer = kick("alice");
  EXPECT_EQ(answer.out, "ended 1 session\n");
  EXPECT_EQ(asked.at("peer_id"), 65536);
  EXPECT_EQ(asked.at("session"), 9);
}

}  // namespace
}  // namespace espgate::cli::test
