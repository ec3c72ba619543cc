// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/cli/command_line.h"
#include "tests/unit/cli/fake_gateway.h"

#include <filesystem>

#include <gmock/gmock.h>

namespace espgate::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

const json traffic = {{"packets_in", 3}, {"bytes_in", 1500}, {"packets_out", 2}, {"bytes_out", 700}};

json session(unsigned peer, const std::string& inner) {
  return {{"peer", peer},
          {"inner", inner},
          {"remote", "198.51.100.7:61234"},
          {"tunnel", 7},
          {"session", 9},
          {"peer_tunnel", 1},
          {"peer_session", 2},
          {"open", true},
          {"inner_limit", 1400},
          {"mru", 1400},
          {"spi_out", "0xc0000001"},
          {"slot", peer},
          {"owner", 0},
          {"traffic", traffic}};
}

json peer(unsigned number, const std::string& inner) {
  return {{"peer", number},
          {"remote", "198.51.100.7:61234"},
          {"sessions", {inner}},
          {"spis_in", {"0x10000400"}},
          {"spis_out", {"0xc0000001"}},
          {"owner", 0},
          {"traffic", traffic}};
}

json drop(const std::string& reason, unsigned packets) {
  return {{"reason", reason},
          {"severity", "expected"},
          {"packets", packets},
          {"sentence", "the sentence of " + reason},
          {"hint", "the hint of " + reason}};
}

class GatewayCommands : public testing::Test {
 protected:
  Answer ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--runtime-directory", gateway_.directory()});
    return espgate(arguments);
  }
  FakeGateway gateway_;
};

TEST_F(GatewayCommands, WithoutADataPlaneEachSaysSoInOneLine) {
  const std::vector<std::string> cases[] = {
      {"status"},
      {"port"},
      {"peer"},
      {"sa"},
      {"policy"},
      {"session"},
      {"route"},
      {"neighbour"},
      {"buffers"},
      {"drops"},
      {"drops", "--watch"},
      {"top"},
      {"perf"},
      {"trace"},
      {"capture", "--point", "decrypted", "-w", gateway_.directory() + "x.pcap"}};
  for (const auto& arguments : cases) {
    const Answer answer = ask(arguments);
    EXPECT_EQ(answer.exit_code, failure) << arguments.front();
    EXPECT_THAT(answer.out, IsEmpty());
    EXPECT_THAT(answer.err,
                MatchesRegex("espgate: .*/dataplane.sock: can't connect: .*; is espgate running .*\n"));
  }
  EXPECT_FALSE(std::filesystem::exists(gateway_.directory() + "x.pcap"));
}

TEST_F(GatewayCommands, TheConfigurationSaysWhereTheSocketsAre) {
  const std::string file = gateway_.directory() + "gateway.toml";
  espgate::test::write_file(
      file,
      "[outside]\ninterface = \"x\"\naddress = \"10.20.0.10/24\"\n"
      "[inside]\ninterface = \"y\"\naddress = \"10.30.0.1/24\"\n"
      "[clients]\npool = \"10.40.0.0/24\"\n[runtime]\ndirectory = \"/nowhere/at/all\"\n");
  const Answer answer = espgate({"status", "-c", file});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.err, HasSubstr("/nowhere/at/all/dataplane.sock"));
  EXPECT_THAT(espgate({"status", "-c", "/no/such.toml"}).err, HasSubstr("/no/such.toml"));
}

TEST_F(GatewayCommands, PagesAreJoined) {
  gateway_.dataplane([](const json& request) -> json {
    const unsigned after = request.value("after", 0U);
    json answer = {{"sessions", {session(after + 1, "10.40.0." + std::to_string(after + 1))}}};
    if (after < 2) answer["next"] = after + 1;
    return answer;
  });
  gateway_.run();
  const Answer answer = ask({"session", "--json"});
  const json all = json::parse(answer.out);
  EXPECT_EQ(all.at("sessions").size(), 3u);
  EXPECT_EQ(all.at("sessions").at(2).at("address"), "10.40.0.3");
  EXPECT_FALSE(all.contains("next"));
}

TEST_F(GatewayCommands, NamesComeFromControl) {
  std::atomic<unsigned> asked_for = 0;
  gateway_.dataplane([&](const json& request) -> json {
    asked_for = request.value("peer", 0U);
    return {{"peers", {peer(3, "10.40.0.2"), peer(4, "10.40.0.3")}}};
  });
  gateway_.control([](const json&) -> json {
    return {{"peers", {{{"peer_id", 3}, {"name", "alice\x1b[31m"}, {"installed", true}}}}};
  });
  gateway_.run();
  const Answer answer = ask({"peer"});
  EXPECT_THAT(answer.out, HasSubstr("alice?[31m  198.51.100.7:61234  10.40.0.2"));
  EXPECT_THAT(answer.out, HasSubstr("   4              198.51.100.7:61234  10.40.0.3"));
  EXPECT_EQ(asked_for, 0u);
  EXPECT_EQ(ask({"peer", "--peer", "alice\x1b[31m"}).exit_code, success);
  EXPECT_EQ(asked_for, 3u);
  EXPECT_EQ(ask({"peer", "--peer", "4"}).exit_code, success);
  EXPECT_EQ(asked_for, 4u);
  const Answer nobody = ask({"peer", "--peer", "bob"});
  EXPECT_EQ(nobody.exit_code, failure);
  EXPECT_THAT(nobody.err, HasSubstr("no peer is called \"bob\""));
}

TEST_F(GatewayCommands, PeersThatAreNotInstalledAreToldOf) {
  gateway_.dataplane([](const json&) -> json { return {{"peers", json::array()}}; });
  gateway_.control([](const json&) -> json {
    return {
        {"peers", {{{"peer_id", 0}, {"name", "bob"}, {"installed", false}, {"problem", "no slot is free"}}}}};
  });
  gateway_.run();
  EXPECT_EQ(ask({"peer"}).out, "no peers\nbob is not installed: no slot is free\n");
}

TEST_F(GatewayCommands, AnErrorOfTheDataPlaneIsPassedOn) {
  gateway_.dataplane([](const json&) -> json { return {{"ok", false}, {"error", "not today"}}; });
  gateway_.run();
  const Answer answer = ask({"status"});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_EQ(answer.err, "espgate: not today\n");
}

TEST_F(GatewayCommands, AnAnswerOfAnotherVersionIsNoCrash) {
  gateway_.dataplane([](const json&) -> json { return {{"something", "else"}}; });
  gateway_.run();
  for (const char* command : {"status", "sa", "drops", "port", "route"}) {
    const Answer answer = ask({command});
    EXPECT_EQ(answer.exit_code, failure) << command;
    EXPECT_THAT(answer.err, HasSubstr("espgate: ")) << command;
  }
}

TEST_F(GatewayCommands, DropsShowWhatHappenedWithItsHint) {
  unsigned packets = 0;
  gateway_.dataplane([&](const json&) -> json {
    packets += 100;
    return {{"drops", {drop("no_route", packets), drop("esp_bad_icv", 0)}}};
  });
  gateway_.run();
  const Answer once = ask({"drops"});
  EXPECT_THAT(once.out, HasSubstr("100  no_route"));
  EXPECT_THAT(once.out, HasSubstr("-> the hint of no_route"));
  EXPECT_THAT(once.out, Not(HasSubstr("esp_bad_icv")));
  EXPECT_THAT(ask({"drops", "--all"}).out, HasSubstr("esp_bad_icv"));
  const Answer watched = ask({"drops", "--watch", "-n", "2"});
  EXPECT_THAT(watched.out, HasSubstr("RATE"));
  EXPECT_THAT(watched.out, testing::ContainsRegex("400  [1-9][0-9]*/s  no_route"));
}

TEST_F(GatewayCommands, ACaptureIsFilteredAndCounted) {
  // IP packets of 20 bytes without payload: UDP, then ICMP.
  const auto packet = [](const std::string& data) -> json {
    return {{"packet",
             {{"time", 1'700'000'000'000'000'000U},
              {"length", 20},
              {"worker", 1},
              {"spi", "0x00000400"},
              {"sequence", 5},
              {"data", data}}}};
  };
  const json udp = packet("RQAAFAAAQABAEQAACigAAgoeAAo=");
  const json icmp = packet("RQAAFAAAQABAAQAACigAAgoeAAo=");
  gateway_.dataplane([&](const json& request) -> json {
    EXPECT_EQ(request.at("point"), "decrypted");
    EXPECT_EQ(request.at("snap"), 256);
    gateway_.follow_up({udp,
                        icmp,
                        udp,
                        {{"progress", {{"captured", 3}, {"missed", 0}}}},
                        {{"end", {{"captured", 3}, {"missed", 4}}}}});
    return {{"link", "raw"}};
  });
  gateway_.run();
  const std::string file = gateway_.directory() + "out.pcapng";
  const Answer answer =
      ask({"capture", "--point", "decrypted", "--filter", "udp", "--snap", "256", "-w", file});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(answer.err, "2 packets written, 1 did not match the filter, 4 missed\n");
  const std::string written = espgate::test::read_file(file);
  EXPECT_THAT(written, HasSubstr("SPI 0x00000400, sequence 5, worker 1"));
}

TEST_F(GatewayCommands, ACaptureWithAWrongFilterLeavesTheFileAlone) {
  gateway_.dataplane([](const json&) -> json { return {{"link", "raw"}}; });
  gateway_.run();
  const std::string file = gateway_.directory() + "old.pcap";
  espgate::test::write_file(file, "precious");
  const Answer answer = ask({"capture", "--point", "outside-rx", "--filter", "udp prot", "-w", file});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.err, HasSubstr("the filter \"udp prot\""));
  EXPECT_EQ(espgate::test::read_file(file), "precious");
}

TEST_F(GatewayCommands, ATraceIsPrintedStepByStep) {
  const json trace = {
      {"time", 0},
      {"worker", 0},
      {"start", "outside"},
      {"peer", 3},
      {"spi", "0x00000400"},
      {"sequence", 17},
      {"outer", {{"source", "198.51.100.7:61234"}, {"destination", "10.20.0.10:4500"}, {"protocol", 17}}},
      {"steps",
       {{{"stage", "rx"}, {"length", 200}},
        {{"stage", "esp_verify"}, {"length", 186}, {"dropped", "esp_bad_icv"}, {"why", "the ICV"}}}}};
  json request;
  gateway_.dataplane([&](const json& asked) -> json {
    request = asked;
    gateway_.follow_up({{{"trace", trace}}, {{"end", {{"seen", 9}}}}});
    return {{"count", 1}};
  });
  gateway_.run();
  const Answer answer = ask({"trace", "--peer", "198.51.100.7", "--spi", "0x400"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("outer  198.51.100.7:61234 -> 10.20.0.10:4500 udp"));
  EXPECT_THAT(answer.out, HasSubstr("SPI 0x00000400, sequence 17, peer 3"));
  EXPECT_THAT(answer.out, HasSubstr("esp_verify        186 bytes"));
  EXPECT_THAT(answer.out, HasSubstr("dropped: esp_bad_icv: the ICV"));
  EXPECT_EQ(request.at("outer"), "198.51.100.7");
  EXPECT_EQ(request.at("spi"), "0x400");
}

TEST_F(GatewayCommands, TopComparesTwoMoments) {
  unsigned status_asked = 0;
  gateway_.dataplane([&](const json& request) -> json {
    if (request.at("command") == "session") return {{"sessions", {session(1, "10.40.0.2")}}};
    if (request.at("command") == "drops") return {{"drops", {drop("no_route", 1000 * status_asked)}}};
    ++status_asked;
    const json side = {
        {"received", 5000 * status_asked}, {"sent", 0}, {"received_bytes", 0}, {"sent_bytes", 0}};
    return {{"version", "1"},
            {"uptime_seconds", 61},
            {"engine", "openssl"},
            {"control", {{"connected", false}}},
            {"buffers", {{"in_use", 1}, {"capacity", 2}}},
            {"packets", {{"outside", side}}},
            {"workers", {{{"worker", 0}, {"busy_percent", 50.0}, {"rounds_per_second", 1000}}}}};
  });
  gateway_.run();
  const Answer answer = ask({"top"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("NOT CONNECTED"));
  EXPECT_THAT(answer.out, testing::ContainsRegex("outside +[1-9][.0-9]*k"));
  EXPECT_THAT(answer.out, HasSubstr("50.0 % [||||||||||          ]"));
  EXPECT_THAT(answer.out, testing::ContainsRegex("[1-9][0-9]*  no_route"));
  EXPECT_THAT(answer.out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace espgate::cli
