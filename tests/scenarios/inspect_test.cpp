// SPDX-License-Identifier: Apache-2.0
// What inspect says of real sessions of real clients, against counts that others have made of them.
#include "tests/scenarios/program.h"

#include <map>
#include <ostream>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path captures = std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures";

ProgramResult inspect(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {ESPGATE_REPLAY, "inspect"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command);
}

json inspect_json(const std::string& capture, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"--json", captures / capture / "outer.pcap"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProgramResult result = inspect(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return json::parse(result.output);
}

// A count of the capture's README: "counts  Counter({'esp': 1248, ...})".
std::uint64_t counted(const std::string& capture, const std::string& what) {
  const std::string readme = read_file(captures / capture / "README");
  std::smatch match;
  return std::regex_search(readme, match, std::regex("'" + what + "': ([0-9]+)")) ? std::stoull(match[1]) : 0;
}

std::vector<json> all_sas(const json& report) {
  std::vector<json> sas;
  for (const json& peer : report["peers"]) sas.insert(sas.end(), peer["sas"].begin(), peer["sas"].end());
  return sas;
}

// As tshark 4.0 counts them: `tshark -Y esp -T fields -e esp.spi -e esp.sequence`. In every one of these
// captures each sequence number from 1 on comes once, and the packets of an exchange with
// `-e isakmp.exchangetype`.
struct Session {
  std::string name;
  std::map<std::string, std::uint64_t> packets;  // by SPI
  std::uint64_t main_mode, quick_mode, informational;

  friend std::ostream& operator<<(std::ostream& out, const Session& session) { return out << session.name; }
};

const Session sessions[] = {
    {"aes128-sha1",
     {{"0x77f13623", 11},
      {"0xcc296896", 700},
      {"0xc7853eaa", 11},
      {"0x95518f96", 502},
      {"0xce0ad1b2", 12},
      {"0x8d5461c8", 12}},
     12,
     9,
     25},
    {"aes128gcm16",
     {{"0x4acb809f", 14},
      {"0xcca942eb", 679},
      {"0xc1df425e", 14},
      {"0x481ce387", 11},
      {"0xcca51959", 11},
      {"0x3fde044d", 532}},
     12,
     10,
     23},
    {"aes256-sha1-mtu1460", {{"0xc22e2149", 679}, {"0x48715621", 530}}, 6, 4, 10},
    {"aes256-sha256",
     {{"0xc7e407d9", 14},
      {"0xb30fa19a", 14},
      {"0xc7b24afd", 10},
      {"0x1cb30c1c", 10},
      {"0x623ced7f", 482},
      {"0xccd6a049", 648}},
     12,
     9,
     23},
    {"ls-client-rekey",
     {{"0x1325c088", 32}, {"0x642b882d", 582}, {"0x420052e8", 32}, {"0xed8571f4", 656}},
     12,
     11,
     40},
    {"nat-random-ports",
     {{"0xfe41e83e", 14},
      {"0x38f4af83", 11},
      {"0xcddf65de", 583},
      {"0xcde63701", 14},
      {"0xc09637c7", 676},
      {"0xcdf1ad0c", 11}},
     12,
     10,
     23},
    {"two-clients-one-nat", {{"0xb748afba", 60}, {"0xc749fbb6", 60}}, 12, 11, 18},
    {"dh2-3des", {}, 1, 0, 1},
    {"ss-default-proposals", {}, 1, 0, 1},
};

class InspectCaptures : public testing::TestWithParam<Session> {};

TEST_P(InspectCaptures, CountsFramesAsTheirReadmeDoes) {
  const std::string& name = GetParam().name;
  const json report = inspect_json(name);
  EXPECT_EQ(report["esp"], counted(name, "esp"));
  EXPECT_EQ(report["keepalives"], counted(name, "keepalive"));
  EXPECT_EQ(report["clear_l2tp"], counted(name, "clear_l2tp"));
  if (!GetParam().packets.empty()) {  // the others' READMEs have no counts
    EXPECT_EQ(report["ike"], counted(name, "ike"));
    EXPECT_EQ(report["other"], counted(name, "other"));
  }
  EXPECT_EQ(report["ike_damaged"], 0);
  EXPECT_EQ(report["orphan_fragments"], 0);
  const std::uint64_t all =
      report["esp"].get<std::uint64_t>() + report["ike"].get<std::uint64_t>() +
      report["keepalives"].get<std::uint64_t>() + report["clear_l2tp"].get<std::uint64_t>() +
      report["later_fragments"].get<std::uint64_t>() + report["other"].get<std::uint64_t>();
  EXPECT_EQ(report["frames"], all);
}

TEST_P(InspectCaptures, FollowsEverySaFromItsFirstToItsLastNumber) {
  const json report = inspect_json(GetParam().name);
  std::map<std::string, std::uint64_t> packets;
  for (const json& sa : all_sas(report)) {
    SCOPED_TRACE(sa["spi"].get<std::string>());
    packets[sa["spi"]] = sa["packets"];
    const json& sequence = sa["sequence"];
    EXPECT_EQ(sequence["first"], 1);
    EXPECT_EQ(sequence["last"], sa["packets"]);
    for (const char* count :
         {"missing", "duplicates", "reused", "out_of_order", "late", "strays", "restarts", "wraps", "zeros"})
      EXPECT_EQ(sequence[count], 0) << count;
    EXPECT_TRUE(sa["udp_encapsulation"]);
    EXPECT_TRUE(sa["suite"].is_null());
  }
  EXPECT_EQ(packets, GetParam().packets);
}

TEST_P(InspectCaptures, CountsTheMessagesOfEachExchange) {
  std::map<std::string, std::uint64_t> messages;
  const json report = inspect_json(GetParam().name);
  for (const json& peer : report["peers"])
    for (const json& sa : peer["ike"])
      for (const json& exchange : sa["exchanges"])
        messages[exchange["exchange"]] +=
            exchange["from_initiator"].get<std::uint64_t>() + exchange["from_responder"].get<std::uint64_t>();
  EXPECT_EQ(messages["main mode"], GetParam().main_mode);
  EXPECT_EQ(messages["quick mode"], GetParam().quick_mode);
  EXPECT_EQ(messages["informational"], GetParam().informational);
}

std::string test_name(const testing::TestParamInfo<Session>& session) {
  return std::regex_replace(session.param.name, std::regex("-"), "_");
}

INSTANTIATE_TEST_SUITE_P(, InspectCaptures, testing::ValuesIn(sessions), test_name);

TEST(Inspect, KnowsTheSuitesOfAKeyFile) {
  for (const Session& session : sessions) {
    if (session.packets.empty()) continue;  // no SA, no key
    SCOPED_TRACE(session.name);
    const auto keys = captures / session.name / "keys.json";
    const json report = inspect_json(session.name, {"--keys", keys});
    for (const json& sa : all_sas(report)) EXPECT_TRUE(sa["suite"].is_string()) << sa["spi"];
    EXPECT_EQ(report["unused_keys"], json::array());
  }
}

TEST(Inspect, TellsTwoClientsBehindOneNatApart) {
  const json report = inspect_json("two-clients-one-nat");
  ASSERT_EQ(report["peers"].size(), 2u);
  const json& first = report["peers"][0];
  EXPECT_EQ(first["paths"], json::parse(R"([["198.51.100.2:500", "10.20.0.10:500"],
                                            ["198.51.100.2:4500", "10.20.0.10:4500"]])"));
  EXPECT_EQ(first["ike"][0]["initiator_cookie"], "9f6b27c49bd69545");
  EXPECT_EQ(first["ike"][0]["chosen"], json::array({"aes256-sha1-modp2048 psk 10800 s"}));
  EXPECT_EQ(first["sas"].size(), 2u);
  const json& second = report["peers"][1];
  EXPECT_EQ(second["paths"], json::parse(R"([["198.51.100.2:440", "10.20.0.10:500"],
                                             ["198.51.100.2:3560", "10.20.0.10:4500"]])"));
  EXPECT_EQ(second["ike"][0]["initiator_cookie"], "148be6fcd3335ff6");
  EXPECT_TRUE(second["sas"].empty());
  EXPECT_THAT(
      report["findings"],
      ElementsAre(
          "2 SAs have no key: 0xb748afba, 0xc749fbb6; give a key file with --keys",
          "cookie 148be6fcd3335ff6: quick mode 2a7095e2 has no answer, though its message came 8 times",
          "8 packets of L2TP not protected by IPsec, 198.51.100.2:1701 -> 10.20.0.10:1701, first in "
          "frame 97"));
}

TEST(Inspect, PutsReauthenticationToThePeerThatDoesIt) {
  const json report = inspect_json("ls-client-rekey");
  ASSERT_EQ(report["peers"].size(), 1u);
  EXPECT_EQ(report["peers"][0]["ike"].size(), 2u);
}

TEST(Inspect, CountsFragmentsOfTheCaptureThatHasThem) {
  const json report = inspect_json("aes256-sha1-mtu1460");
  std::uint64_t first = 0;
  std::uint64_t later = 0;
  for (const json& sa : all_sas(report)) {
    first += sa["fragmented"].get<std::uint64_t>();
    later += sa["later_fragments"].get<std::uint64_t>();
  }
  EXPECT_EQ(first + later, counted("aes256-sha1-mtu1460", "fragments"));
  EXPECT_EQ(later, report["later_fragments"]);
}

TEST(Inspect, SaysWhyANegotiationFailed) {
  EXPECT_THAT(inspect_json("dh2-3des")["findings"],
              ElementsAre("cookie 45a044bd57e5766c: NO-PROPOSAL-CHOSEN in frame 6"));
}

// The example of docs/inspect.md is what the program prints.
TEST(Inspect, PrintsTheExampleOfItsPage) {
  const auto folder = captures / "two-clients-one-nat";
  const ProgramResult result = inspect({folder / "outer.pcap", "--keys", folder / "esp_sa"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(read_file(std::filesystem::path(ESPGATE_SOURCE_DIR) / "docs/inspect.md"),
              HasSubstr(result.output));
}

TEST(Inspect, ReportsWhatATruncatedCaptureHasBeforeItSaysSo) {
  const TemporaryFolder folder;
  const std::string whole = read_file(captures / "two-clients-one-nat/outer.pcap");
  write_file(folder / "cut.pcap", whole.substr(0, whole.size() - 5));
  const ProgramResult result = inspect({folder / "cut.pcap", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(json::parse(result.output)["frames"], 186);
  EXPECT_THAT(result.errors, HasSubstr("breaks off after packet 186"));
}

TEST(Inspect, RefusesWhatItCannotRead) {
  const std::string capture = captures / "dh2-3des/outer.pcap";
  const TemporaryFolder folder;
  write_file(folder / "text", "no capture at all\n");
  struct Case {
    std::string sentence;
    std::vector<std::string> arguments;
    int exit_code;
    std::string says;
  };
  const Case cases[] = {
      {"no argument", {}, 2, "IN"},
      {"an option that there isn't", {capture, "--decrypt"}, 2, "--decrypt"},
      {"no such capture", {folder / "nothing.pcap"}, 3, "nothing.pcap"},
      {"a file that is no capture", {folder / "text"}, 3, "is not a capture"},
      {"no such key file", {capture, "--keys", folder / "nothing.keys"}, 3, "nothing.keys"},
      {"a key file that is none", {capture, "--keys", folder / "text"}, 3, "text"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sentence);
    const ProgramResult result = inspect(c.arguments);
    EXPECT_EQ(result.exit_code, c.exit_code);
    EXPECT_THAT(result.errors, HasSubstr(c.says));
    EXPECT_EQ(result.output, "");
  }
}

}  // namespace
}  // namespace espgate::test
