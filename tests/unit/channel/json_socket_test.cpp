// SPDX-License-Identifier: Apache-2.0
#include "channel/json_socket.h"

#include "channel/json_line.h"
#include "channel/unix_socket.h"
#include "tests/unit/channel/channel_fixture.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

namespace espgate::channel::test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class JsonSocketTest : public testing::Test {
 protected:
  JsonSocketTest() {
    auto made = JsonServer::listen(socket_, [this](const Json& request) { return answer(request); });
    if (!made) throw std::runtime_error(made.error());
    server_ = std::move(*made);
    thread_ = std::thread([this] {
      while (!stop_) {
        wait_readable({server_->descriptor()});
        server_->step();
      }
    });
  }
  ~JsonSocketTest() override {
    stop_ = true;
    (void)connect_unix(socket_, SOCK_STREAM);  // wakes the thread
    thread_.join();
  }
  Json answer(const Json& request) {
    const std::string command = request.at("command");
    if (command == "large") return {{"text", std::string(request.at("bytes").get<std::size_t>(), 'x')}};
    if (command == "more") {
      server_->send(server_->current_client(), {{"line", 1}});
      return {{"line", 0}};
    }
    if (command == "fail") return {{"ok", false}, {"error", "not today"}};
    return {{"echo", request}};
  }
  JsonClient connect() {
    auto client = JsonClient::connect(socket_);
    if (!client) throw std::runtime_error(client.error());
    return std::move(*client);
  }

  espgate::test::TemporaryFolder folder_;
  std::string socket_ = folder_ / "api.sock";
  std::unique_ptr<JsonServer> server_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST_F(JsonSocketTest, a_request_is_answered) {
  JsonClient client = connect();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask({{"command", "hello"}, {"number", i}});
    ASSERT_TRUE(answer) << answer.error();
    EXPECT_EQ((*answer)["ok"], true);
    EXPECT_EQ((*answer)["echo"]["number"], i);
  }
}

TEST_F(JsonSocketTest, an_error_comes_as_an_error) {
  JsonClient client = connect();
  EXPECT_EQ(client.ask({{"command", "fail"}}).error(), "not today");
  EXPECT_THAT(client.ask({{"other", 1}}).error(), HasSubstr("command"));
  EXPECT_THAT(client.ask(Json::array({1})).error(), HasSubstr("one JSON object"));
  EXPECT_TRUE(client.ask({{"command", "hello"}})) << "the connection goes on";
}

TEST_F(JsonSocketTest, more_lines_may_follow) {
  JsonClient client = connect();
  std::set<int> lines;
  auto first = client.ask({{"command", "more"}});
  ASSERT_TRUE(first) << first.error();
  auto second = client.next(std::chrono::seconds(10));
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ((*first)["line"].get<int>() + (*second)["line"].get<int>(), 1);
}

TEST_F(JsonSocketTest, a_large_answer_arrives_whole) {
  JsonClient client = connect();
  const auto answer = client.ask({{"command", "large"}, {"bytes", 3 << 20}});
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ((*answer)["text"].get<std::string>().size(), std::size_t{3} << 20);
}

TEST_F(JsonSocketTest, a_client_that_does_not_read_is_dropped_at_4_mib) {
  auto client = connect_unix(socket_, SOCK_STREAM);
  ASSERT_TRUE(client) << client.error();
  const std::string request = R"({"command": "large", "bytes": 1000000})"
                              "\n";
  bool dropped = false;
  for (unsigned i = 0; i < 1000 && !dropped; ++i) {
    dropped = ::send(client->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0 && errno == EPIPE;
    std::this_thread::yield();
    EXPECT_TRUE(connect().ask({{"command", "hello"}})) << "others are served";
  }
  EXPECT_TRUE(dropped);
}

TEST_F(JsonSocketTest, requests_in_pieces_and_several_at_once_are_answered) {
  auto client = connect_unix(socket_, SOCK_STREAM);
  ASSERT_TRUE(client) << client.error();
  const std::string requests = R"({"command": "a"})"
                               "\n"
                               R"({"command": "b"})"
                               "\n";
  for (const char c : requests) ASSERT_EQ(::send(client->get(), &c, 1, 0), 1);
  ASSERT_EQ(::send(client->get(), requests.data(), requests.size(), 0),
            static_cast<ssize_t>(requests.size()));
  ::shutdown(client->get(), SHUT_WR);
  std::string answers;
  std::array<char, 4096> chunk;
  while (true) {
    wait_readable({client->get()});
    const ssize_t got = ::recv(client->get(), chunk.data(), chunk.size(), 0);
    if (got == 0) break;
    if (got > 0) answers.append(chunk.data(), static_cast<std::size_t>(got));
  }
  EXPECT_EQ(std::ranges::count(answers, '\n'), 4) << "also after it has said all it wants to";
}

TEST_F(JsonSocketTest, a_request_without_end_is_cut_off) {
  auto client = connect_unix(socket_, SOCK_STREAM);
  ASSERT_TRUE(client) << client.error();
  const std::string much(65536, ' ');
  bool dropped = false;
  while (!dropped) {
    const ssize_t sent = ::send(client->get(), much.data(), much.size(), MSG_NOSIGNAL);
    dropped = sent < 0 && errno != EAGAIN;
    if (sent < 0) std::this_thread::yield();
  }
  EXPECT_TRUE(connect().ask({{"command", "hello"}}));
}

TEST_F(JsonSocketTest, the_socket_is_private) {
  EXPECT_EQ(std::filesystem::status(socket_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(JsonClientTest, without_a_server_the_remedy_is_told) {
  const espgate::test::TemporaryFolder folder;
  const auto client = JsonClient::connect(folder / "api.sock");
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error(), HasSubstr("espgate up"));
}

TEST(JsonLineTest, what_is_no_object_nests_too_deep_or_throws_is_an_error) {
  const auto answer = [](std::string_view line) {
    return Json::parse(answer_json_line(line, [](const Json& request) {
      if (request.contains("throw")) throw std::runtime_error("thrown");
      return Json(Json::array({1, 2}));
    }));
  };
  EXPECT_EQ(answer("{}"), Json::parse(R"({"ok": true, "result": [1, 2]})"));
  EXPECT_EQ(answer("")["ok"], false);
  EXPECT_EQ(answer("[]")["ok"], false);
  EXPECT_EQ(answer("{\"a\": }")["ok"], false);
  EXPECT_EQ(answer("{\"throw\": 1}")["error"], "thrown");
  EXPECT_EQ(answer("{\"a\":" + std::string(100'000, '['))["ok"], false);
  EXPECT_THAT(answer("{\"a\":" + std::string(30, '[') + std::string(30, ']') + "}")["error"],
              HasSubstr("deep"));
}

TEST(JsonLineTest, what_is_not_utf_8_is_replaced) {
  EXPECT_EQ(json_line({{"name", "caf\xe9"}}), "{\"name\":\"caf\xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace espgate::channel::test
