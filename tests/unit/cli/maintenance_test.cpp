// SPDX-License-Identifier: Apache-2.0
// espgate drain, espgate reload.
#include "tests/unit/cli/command_line.h"
#include "tests/unit/cli/fake_gateway.h"

#include <atomic>

#include <gmock/gmock.h>

namespace espgate::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Answer ask(const FakeGateway& gateway, std::vector<std::string> words) {
  words.insert(words.end(), {"--runtime-directory", gateway.directory()});
  return espgate(words);
}

TEST(Drain, refuses_new_clients_and_waits_for_the_others) {
  std::atomic<int> asked = 0;
  FakeGateway gateway;
  gateway.control([&](const json& request) -> json {
    EXPECT_EQ(request.contains("on"), asked == 0) << "the waiting changes nothing";
    return {{"draining", true}, {"sessions", asked++ == 0 ? 2 : 0}};
  });
  gateway.run();
  const Answer answer = ask(gateway, {"drain", "--wait"});
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_EQ(answer.out,
            "new clients are refused; 2 sessions are there\nnew clients are refused; 0 sessions are there\n");
}

TEST(Drain, is_taken_back) {
  FakeGateway gateway;
  gateway.control(
      [&](const json& request) -> json { return {{"draining", request.at("on")}, {"sessions", 1}}; });
  gateway.run();
  EXPECT_EQ(ask(gateway, {"drain", "--off"}).out, "clients may come; 1 session is there\n");
  EXPECT_EQ(ask(gateway, {"drain", "--off", "--wait"}).exit_code, 2);
}

TEST(Reload, tells_what_is_wrong_in_the_file) {
  FakeGateway gateway;
  gateway.control([](const json&) -> json {
    return {{"users", 3}, {"file", "/etc/espgate/chap-secrets"}, {"problems", {"line 7 has no secret"}}};
  });
  gateway.run();
  const Answer answer = ask(gateway, {"reload"});
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.out, "3 users in /etc/espgate/chap-secrets\n");
  EXPECT_THAT(answer.err, HasSubstr("line 7 has no secret"));
}

TEST(Reload, fails_when_the_file_can_not_be_read) {
  FakeGateway gateway;
  gateway.control(
      [](const json&) -> json { return {{"ok", false}, {"error", "chap-secrets: no such file"}}; });
  gateway.run();
  const Answer answer = ask(gateway, {"reload"});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_THAT(answer.err, HasSubstr("no such file"));
}

}  // namespace
}  // namespace espgate::cli::test
