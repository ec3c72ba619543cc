// SPDX-License-Identifier: Apache-2.0
// espgate ike, why, log, and status's line about IKE, with answers as control gives them.
#include "cli/ike/negotiations.h"
#include "tests/unit/cli/command_line.h"
#include "tests/unit/cli/fake_gateway.h"

#include <mutex>

#include <gmock/gmock.h>

namespace espgate::cli {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

json ike_sa(int expires_in, bool established = true) {
  return {{"initiator_cookie", "0011223344556677"},
          {"responder_cookie", "8899aabbccddeeff"},
          {"established", established},
          {"begun_by_us", false},
          {"suite", "aes256-sha1-modp2048"},
          {"nat_traversal", "RFC 3947"},
          {"udp_encapsulation", true},
          {"dpd", false},
          {"microsoft", true},
          {"racoon", false},
          {"age_seconds", 61},
          {"expires_in_seconds", expires_in},
          {"exchanges", 1}};
}

json sa_pair(const std::string& state, const std::string& suite, int expires_in) {
  return {{"state", state},
          {"slot", 7},
          {"spi_in", "0x10000400"},
          {"spi_out", "0xc1000001"},
          {"suite", suite},
          {"esn", false},
          {"selector", "10.0.0.5 udp/1701"},
          {"udp_encapsulation", true},
          {"age_seconds", 60},
          {"expires_in_seconds", expires_in},
          {"pfs", "modp2048"},
          {"lifetime_kilobytes", 250000}};
}

json client(unsigned id, const std::string& identity, const std::string& address, unsigned port) {
  return {{"peer_id", id},
          {"identity", identity},
          {"remote", {{"address", address}, {"port", port}}},
          {"age_seconds", 3725},
          {"heard_seconds_ago", 4},
          {"ike_sas", {ike_sa(28800), ike_sa(100, false)}},
          {"sa_pairs", {sa_pair("leaving", "aes128-sha1", 5), sa_pair("live", "aes256-sha256", 2400)}}};
}

class IkeCommands : public testing::Test {
 protected:
  IkeCommands() {
    clients_ = {client(65536, "10.0.0.5", "198.51.100.7", 4500),
                client(65537, "10.0.0.5", "198.51.100.7", 61000),
                client(65538, "phone\x1b[2J", "2001:db8::7", 4500)};
    clients_[0]["inner"] = "10.40.0.2";
  }
  // Answers with what `answer` says, and keeps the requests.
  void control(FakeGateway::Answer answer) {
    gateway_.control([this, answer = std::move(answer)](const json& request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      return answer(request);
    });
    gateway_.run();
  }
  void control_with_clients() {
    control([this](const json& request) -> json {
      if (request.at("command") == "ike") return {{"clients", clients_}};
      return {{"ok", true}};
    });
  }
  Answer ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--runtime-directory", gateway_.directory()});
    return espgate(arguments);
  }
  std::vector<json> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  json clients_ = json::array();
  FakeGateway gateway_;

 private:
  std::mutex mutex_;
  std::vector<json> requests_;
};

TEST_F(IkeCommands, WithoutControlEachSaysSoInOneLine) {
  const std::vector<std::string> cases[] = {{"ike", "list"},          {"ike", "show", "65536"},
                                            {"ike", "down", "65536"}, {"why"},
                                            {"why", "198.51.100.7"},  {"log"}};
  for (const auto& arguments : cases) {
    const Answer answer = ask(arguments);
    EXPECT_EQ(answer.exit_code, failure) << arguments.front();
    EXPECT_THAT(answer.out, IsEmpty());
    EXPECT_THAT(answer.err, HasSubstr("control.sock: can't connect"));
  }
}

TEST_F(IkeCommands, AListHasARowForEachClientWithTheSasInUse) {
  control_with_clients();
  const Answer answer = ask({"ike", "list"});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_THAT(
      answer.out,
      ContainsRegex("65536  10.0.0.5 +198.51.100.7:4500 +10.40.0.2  aes256-sha1-modp2048  aes256-sha256  "
                    "RFC 3947  1h 02m +40m 00s +4s\n"));
  EXPECT_THAT(answer.out, ContainsRegex("65538  phone\\?\\[2J +\\[2001:db8::7\\]:4500 +- "));
  EXPECT_THAT(answer.out, Not(HasSubstr("aes128-sha1 "))) << "the pair that is leaving";
  EXPECT_EQ(json::parse(ask({"ike", "list", "--json"}).out).at("clients"), clients_);
}

TEST_F(IkeCommands, AClientWithoutSasIsARowToo) {
  clients_ = json::array({client(65536, "", "198.51.100.7", 4500)});
  clients_[0]["ike_sas"] = clients_[0]["sa_pairs"] = json::array();
  control_with_clients();
  EXPECT_THAT(ask({"ike", "list"}).out, ContainsRegex("65536  - +198.51.100.7:4500  - +- +- +-  "));
}

TEST_F(IkeCommands, NobodyIsNoError) {
  clients_ = json::array();
  control_with_clients();
  const Answer answer = ask({"ike", "list"});
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_EQ(answer.out, "nobody has dialled in\n");
}

TEST_F(IkeCommands, ShowHasEverything) {
  control_with_clients();
  const Answer answer = ask({"ike", "show", "65536"});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  for (const char* part :
       {"client          65536, 10.0.0.5\n", "remote          198.51.100.7:4500\n",
        "inner address   10.40.0.2\n", "0011223344556677 8899aabbccddeeff, established, begun by the client",
        "aes256-sha1-modp2048", "RFC 3947, ESP in UDP", "knows no dead peer detection, Windows",
        "ends in 8h 00m", "1 exchange\n", "0x10000400 in, 0xc1000001 out, leaving",
        "0x10000400 in, 0xc1000001 out, live", "aes256-sha256, PFS with modp2048", "10.0.0.5 udp/1701",
        "or after 256.0 MB"})
    EXPECT_THAT(answer.out, HasSubstr(part));
  EXPECT_EQ(json::parse(ask({"ike", "show", "65536", "--json"}).out).at("client"), clients_[0]);
}

TEST_F(IkeCommands, AClientIsNamedByWhatTellsItApart) {
  control_with_clients();
  for (const char* name : {"65537", "198.51.100.7:61000"})
    EXPECT_THAT(ask({"ike", "show", name}).out, HasSubstr("client          65537, ")) << name;
  for (const char* name : {"2001:db8::7", "[2001:db8::7]:4500", "phone\x1b[2J"})
    EXPECT_THAT(ask({"ike", "show", name}).out, HasSubstr("client          65538, ")) << name;
}

TEST_F(IkeCommands, AnAmbiguousNameIsAnsweredByThoseThatItMayBe) {
  control_with_clients();
  for (const char* name : {"198.51.100.7", "10.0.0.5"}) {
    const Answer answer = ask({"ike", "down", name});
    EXPECT_EQ(answer.exit_code, failure);
    EXPECT_THAT(answer.out, IsEmpty());
    EXPECT_THAT(answer.err,
                HasSubstr("may be any of these 2; name one by its id, or by its address and port\n"));
    EXPECT_THAT(answer.err, HasSubstr("65536  "));
    EXPECT_THAT(answer.err, HasSubstr("65537  "));
    EXPECT_THAT(answer.err, Not(HasSubstr("65538")));
  }
  for (const json& request : requests()) EXPECT_EQ(request.at("command"), "ike") << "somebody was put down";
  const Answer nobody = ask({"ike", "show", "192.0.2.1"});
  EXPECT_EQ(nobody.exit_code, failure);
  EXPECT_EQ(nobody.err, "espgate: no client is \"192.0.2.1\"; espgate ike list shows them\n");
}

TEST_F(IkeCommands, DownDeletesTheOneThatIsMeant) {
  control_with_clients();
  const Answer answer = ask({"ike", "down", "198.51.100.7:61000"});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(answer.out, "client 65537, 10.0.0.5 at 198.51.100.7:61000, is down; it may dial again\n");
  EXPECT_EQ(requests().back(), json({{"command", "ike down"}, {"peer_id", 65537}}));
  EXPECT_EQ(json::parse(ask({"ike", "down", "65536", "--json"}).out).at("ok"), true);
}

TEST_F(IkeCommands, WhatControlRefusesIsPassedOn) {
  control([](const json&) -> json { return {{"ok", false}, {"error", "this gateway has no [ike]"}}; });
  EXPECT_EQ(ask({"ike", "list"}).err, "espgate: this gateway has no [ike]\n");
  EXPECT_EQ(ask({"why"}).exit_code, failure);
}

TEST_F(IkeCommands, AnAnswerOfAnotherVersionIsNoCrash) {
  control([](const json&) -> json { return {{"something", "else"}}; });
  const std::vector<std::string> cases[] = {{"ike", "list"}, {"why"}, {"log"}};
  for (const auto& arguments : cases) {
    const Answer answer = ask(arguments);
    EXPECT_EQ(answer.exit_code, failure) << arguments.front();
    EXPECT_THAT(answer.err, HasSubstr("espgate: "));
  }
}

json negotiation(int seconds_ago, bool good, const std::string& text, unsigned count = 1) {
  return {{"seconds_ago", seconds_ago},
          {"remote", {{"address", "198.51.100.7"}, {"port", 500}}},
          {"good", good},
          {"exchange", "main mode"},
          {"text", text},
          {"count", count}};
}

TEST_F(IkeCommands, WhyTellsTheNewestLast) {
  control([](const json&) -> json {
    return {{"negotiations", {negotiation(5, true, "authenticated"), negotiation(125, false, "no PSK", 3)}}};
  });
  const Answer answer = ask({"why", "198.51.100.7"});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(answer.out,
            "  2m 05s ago  ✗ 198.51.100.7:500, main mode, 3 times in a row\n"
            "      no PSK\n"
            "      5s ago  ✓ 198.51.100.7:500, main mode\n"
            "      authenticated\n");
  EXPECT_EQ(requests().back(), json({{"command", "why"}, {"address", "198.51.100.7"}}));
  EXPECT_EQ(ask({"why"}).exit_code, success);
  EXPECT_EQ(requests().back(), json({{"command", "why"}}));
  EXPECT_EQ(json::parse(ask({"why", "--json"}).out).at("negotiations").size(), 2U);
}

TEST_F(IkeCommands, WhySaysWhenThereWasNothing) {
  control([](const json&) -> json { return {{"negotiations", json::array()}}; });
  EXPECT_THAT(ask({"why", "198.51.100.7"}).out, HasSubstr("nothing was heard from 198.51.100.7"));
  EXPECT_EQ(ask({"why"}).out, "nobody has tried to negotiate\n");
}

TEST(Negotiations, LongTextsAreWrappedBetweenWords) {
  EXPECT_EQ(wrapped("one two  three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(wrapped("one", 2, 9), "  one\n");
  EXPECT_EQ(wrapped("averyverylongword a", 2, 9), "  averyverylongword\n  a\n");
  EXPECT_EQ(wrapped("", 2, 9), "");
  const std::string text =
      negotiations_text(json::array({negotiation(1, false, std::string(300, 'x') + " y \x1b[2J")}), 40);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("\n      y ?[2J\n"));
}

const json levels = {
    {"level", "info"}, {"areas", {{"ike", "debug"}}}, {"clients", {{"198.51.100.7", "trace"}}}};

TEST_F(IkeCommands, LogShowsTheLevels) {
  control([](const json&) -> json { return levels; });
  EXPECT_EQ(ask({"log"}).out,
            "WHAT                 LEVEL\n"
            "everything           info\n"
            "area ike             debug\n"
            "client 198.51.100.7  trace\n");
  EXPECT_EQ(json::parse(ask({"log", "--json"}).out).at("level"), "info");
}

TEST_F(IkeCommands, LogSetsALevelOfAllOfAnAreaOfAClient) {
  control([](const json&) -> json { return levels; });
  EXPECT_EQ(ask({"log", "--level", "debug"}).exit_code, success);
  EXPECT_EQ(requests().back(), json({{"command", "log level"}, {"level", "debug"}}));
  EXPECT_EQ(ask({"log", "--level", "debug", "--area", "ike"}).exit_code, success);
  EXPECT_EQ(requests().back(), json({{"command", "log level"}, {"level", "debug"}, {"area", "ike"}}));
  EXPECT_EQ(ask({"log", "--level", "default", "--client", "198.51.100.7"}).exit_code, success);
  EXPECT_EQ(requests().back(),
            json({{"command", "log level"}, {"level", "default"}, {"client", "198.51.100.7"}}));
}

TEST_F(IkeCommands, DefaultAloneTakesBackEveryAreaAndClient) {
  control([](const json&) -> json { return levels; });
  EXPECT_EQ(ask({"log", "--level", "default"}).exit_code, success);
  const auto asked = requests();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[1], json({{"command", "log level"}, {"level", "default"}, {"area", "ike"}}));
  EXPECT_EQ(asked[2], json({{"command", "log level"}, {"level", "default"}, {"client", "198.51.100.7"}}));
}

TEST_F(IkeCommands, LogWantsALevelForWhatItNames) {
  EXPECT_EQ(ask({"log", "--area", "ike"}).exit_code, usage_error);
  EXPECT_EQ(ask({"log", "--level", "debug", "--area", "ike", "--client", "192.0.2.1"}).exit_code,
            usage_error);
}

class StatusOfIke : public IkeCommands {
 protected:
  // `espgate status` with this in control's answer.
  std::string status(const json& ike) {
    gateway_.dataplane([](const json&) -> json {
      return {{"version", "1"},
              {"pid", 1},
              {"uptime_seconds", 61},
              {"configuration", "g.toml"},
              {"engine", "openssl"},
              {"memory_megabytes", 64},
              {"hugepages", false},
              {"installed", {{"peers", 0}, {"sessions", 0}, {"sas_in", 0}, {"sas_out", 0}}},
              {"control", {{"connected", true}, {"seconds", 5}}},
              {"buffers", {{"in_use", 1}, {"capacity", 2}}},
              {"packets",
               {{"outside", {{"received", 0}, {"sent", 0}}}, {"dropped", 0}, {"punted", json::object()}}},
              {"workers", json::array()}};
    });
    control([ike](const json&) -> json {
      return {{"pid", 2},
              {"uptime_seconds", 60},
              {"ike", ike},
              {"peers", {{"wanted", 0}, {"installed", 0}}},
              {"last_errors", json::array()}};
    });
    const Answer answer = ask({"status"});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    return answer.out;
  }
};

TEST_F(StatusOfIke, CountsClientsAndRefusals) {
  EXPECT_THAT(
      status({{"clients", 1},
              {"half_open", 2},
              {"negotiating", 3},
              {"refusals", {{"no_proposal", 4}, {"no_psk", 1}}}}),
      HasSubstr("\nike         1 client, 2 half-open, 3 negotiating; refused: no_proposal 4, no_psk 1\n"));
}

TEST_F(StatusOfIke, SaysWhenNothingWasRefused) {
  EXPECT_THAT(status({{"clients", 0}, {"half_open", 0}, {"negotiating", 0}, {"refusals", json::object()}}),
              HasSubstr("\nike         0 clients, 0 half-open, 0 negotiating, nothing refused\n"));
}

TEST_F(StatusOfIke, SaysWhenThereIsNone) {
  EXPECT_THAT(status(nullptr), HasSubstr("\nike         clients can't dial in: there is no [[ike.psk]]\n"));
}

}  // namespace
}  // namespace espgate::cli
