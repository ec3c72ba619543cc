// SPDX-License-Identifier: Apache-2.0
#include "control/api/api.h"

#include "control/event_log.h"
#include "tests/unit/control/gateway_fixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace espgate::control::test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class ApiTest : public GatewayFixture, public StatusSource {
 protected:
  Json ask(const Json& request) { return api_.answer(request); }
  [[nodiscard]] const Gateway& gateway() const override { return *gateway_; }
  [[nodiscard]] std::optional<Connection> connection() const override {
    if (!control_) return std::nullopt;
    return Connection{2, std::chrono::seconds(7)};
  }
  [[nodiscard]] const std::string& last_connect_error() const override { return connect_error_; }
  [[nodiscard]] std::chrono::seconds uptime() const override { return std::chrono::seconds(60); }

  [[nodiscard]] IkeService* ike() override { return nullptr; }
  [[nodiscard]] EventLog& event_log() override { return event_log_; }
  [[nodiscard]] DialIn* dial() override { return nullptr; }

  std::string connect_error_;
  EventLog event_log_{{}};
  Api api_{*this};
};

TEST_F(ApiTest, without_ike_its_commands_say_so) {
  start_control();
  for (const char* command : {"ike", "ike down", "why"})
    EXPECT_THAT(ask({{"command", command}})["error"].get<std::string>(), HasSubstr("no [ike]"));
  EXPECT_TRUE(ask({{"command", "status"}})["ike"].is_null());
}

TEST_F(ApiTest, areas_and_clients_have_log_levels_of_their_own) {
  Json answer = ask({{"command", "log level"}, {"area", "ike"}, {"level", "debug"}});
  EXPECT_EQ(answer["areas"], (Json{{"ike", "debug"}}));
  answer = ask({{"command", "log level"}, {"client", "198.51.100.7"}, {"level", "trace"}});
  EXPECT_EQ(answer["clients"], (Json{{"198.51.100.7", "trace"}}));
  answer = ask({{"command", "log level"}, {"area", "ike"}, {"level", "default"}});
  EXPECT_EQ(answer["areas"], Json::object());
  EXPECT_EQ(ask({{"command", "log level"}})["clients"].size(), 1U);
  EXPECT_FALSE(ask({{"command", "log level"}, {"area", "tls"}, {"level", "debug"}})["ok"].get<bool>());
  EXPECT_FALSE(ask({{"command", "log level"}, {"client", "me"}, {"level", "debug"}})["ok"].get<bool>());
  EXPECT_FALSE(ask({{"command", "log level"}, {"area", "ike"}, {"level", "loud"}})["ok"].get<bool>());
  // The process's own level has no other to go back to.
  EXPECT_FALSE(ask({{"command", "log level"}, {"level", "default"}})["ok"].get<bool>());
}

TEST_F(ApiTest, status_says_what_is_wanted_and_installed) {
  wanted_.push_back(static_peer(100));  // beyond the data plane's slots
  start_control();
  connect_error_ = "nobody listens";
  Json status = ask({{"command", "status"}});
  EXPECT_EQ(status["dataplane"], (Json{{"connected", false}, {"error", "nobody listens"}}));
  start_dataplane(64);
  connect();
  status = ask({{"command", "status"}});
  EXPECT_EQ(status["dataplane"]["connected"], true);
  EXPECT_EQ(status["dataplane"]["seconds"], 7);
  EXPECT_EQ(status["peers"], (Json{{"wanted", 2}, {"installed", 1}}));
  EXPECT_EQ(status["uptime_seconds"], 60);
  EXPECT_EQ(status["pid"], ::getpid());
  EXPECT_THAT(status["last_errors"].dump(), HasSubstr("only 64 slots"));
}

TEST_F(ApiTest, a_peer_is_found_by_id_and_by_name) {
  wanted_.push_back(static_peer(2));
  start_control();
  start_dataplane();
  connect();
  const Json by_name = ask({{"command", "peer"}, {"name", "client-2"}});
  EXPECT_EQ(by_name["peer"]["sessions"][0]["inner_address"], "10.40.0.2");
  EXPECT_EQ(by_name["peer"]["remote"]["port"], 4500);
  EXPECT_EQ(ask({{"command", "peer"}, {"peer_id", by_name["peer"]["peer_id"]}}), by_name);
  EXPECT_EQ(ask({{"command", "peer"}})["peers"].size(), 2u);
  EXPECT_EQ(ask({{"command", "peer"}, {"peer_id", 999}})["ok"], false);
  EXPECT_EQ(ask({{"command", "peer"}, {"peer_id", 0}})["ok"], false);
  EXPECT_THAT(ask({{"command", "peer"}, {"name", "nobody"}})["error"], HasSubstr("nobody"));
}

// How the first bytes of a key could show in a JSON text.
std::vector<std::string> spellings(const crypto::SecretBytes& key) {
  std::string hex, numbers;
  for (const std::byte byte : key.bytes().first(4)) {
    hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    numbers += fmt::format("{},", std::to_integer<unsigned>(byte));
  }
  return {hex, numbers, std::string(reinterpret_cast<const char*>(key.data()), 4)};
}

TEST_F(ApiTest, no_answer_has_a_key) {
  start_control();
  start_dataplane();
  connect();
  const std::string answers = ask({{"command", "peer"}}).dump() + ask({{"command", "status"}}).dump();
  for (const config::StaticSa* sa : {&wanted_[0].inbound, &wanted_[0].outbound}) {
    for (const crypto::SecretBytes* key : {&sa->cipher_key, &sa->integrity_key}) {
      for (const std::string& text : spellings(*key)) EXPECT_THAT(answers, testing::Not(HasSubstr(text)));
    }
  }
}

TEST_F(ApiTest, the_log_level_can_be_read_and_set) {
  start_control();
  const auto before = spdlog::get_level();
  EXPECT_EQ(ask({{"command", "log level"}, {"level", "debug"}})["level"], "debug");
  EXPECT_EQ(spdlog::get_level(), spdlog::level::debug);
  EXPECT_EQ(ask({{"command", "log level"}})["level"], "debug");
  EXPECT_EQ(ask({{"command", "log level"}, {"level", "loud"}})["ok"], false);
  spdlog::set_level(before);
}

TEST_F(ApiTest, what_is_no_command_is_an_error) {
  start_control();
  EXPECT_THAT(ask({{"command", "dance"}})["error"], HasSubstr("commands: status"));
  EXPECT_THROW((void)ask(Json::object()), Json::exception);
  EXPECT_THROW((void)ask({{"command", "peer"}, {"peer_id", "x"}}), Json::exception);
}

}  // namespace
}  // namespace espgate::control::test
