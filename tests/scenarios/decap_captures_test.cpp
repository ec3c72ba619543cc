// SPDX-License-Identifier: Apache-2.0
// Real sessions of real clients: what ESP carried must come out, packet by packet, byte by byte.
#include "tests/scenarios/program.h"

#include <ostream>
#include <regex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

const std::filesystem::path captures = std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures";

struct Scenario {
  std::string capture;
  std::string keys;
  std::string engine;

  friend std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
    return out << scenario.capture << ' ' << scenario.keys << ' ' << scenario.engine;
  }
};

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> scenarios;
  for (const auto& folder : std::filesystem::directory_iterator(captures))
    for (const auto& [keys, engine] : std::vector<std::pair<std::string, std::string>>{
             {"xfrm.txt", "auto"}, {"esp_sa", "auto"}, {"keys.json", "auto"}, {"keys.json", "openssl"}})
      if (std::filesystem::exists(folder.path() / keys))
        scenarios.push_back({folder.path().filename().string(), keys, engine});
  return scenarios;
}

// A count of the capture's README: "counts  Counter({'esp': 1248, ...})".
std::uint64_t counted(const std::string& capture, const std::string& what) {
  const std::string readme = read_file(captures / capture / "README");
  std::smatch match;
  return std::regex_search(readme, match, std::regex("'" + what + "': ([0-9]+)")) ? std::stoull(match[1]) : 0;
}

class DecapCaptures : public testing::TestWithParam<Scenario> {
 protected:
  nlohmann::json decap(const std::string& output, const std::vector<std::string>& more = {}) const {
    const auto folder = captures / GetParam().capture;
    std::vector<std::string> command = {ESPGATE_REPLAY,
                                        "decap",
                                        "--json",
                                        "--engine",
                                        GetParam().engine,
                                        "--keys",
                                        folder / GetParam().keys,
                                        folder / "outer.pcap"};
    if (!output.empty()) command.insert(command.end(), {"--write", output});
    command.insert(command.end(), more.begin(), more.end());
    const ProgramResult result = run(command);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return nlohmann::json::parse(result.output);
  }
};

TEST_P(DecapCaptures, gives_the_inner_packets_byte_for_byte) {
  const TemporaryFolder folder;
  const auto report = decap(folder / "inner.pcap");
  const auto expected = captures / GetParam().capture / "expected.pcap";
  if (std::filesystem::exists(expected)) {
    EXPECT_TRUE(read_file(folder / "inner.pcap") == read_file(expected)) << "output differs";
  } else {
    EXPECT_EQ(report["inner"], 0) << "only a negotiation was captured";
  }
}

TEST_P(DecapCaptures, counts_what_the_capture_holds) {
  const auto report = decap("");
  const std::string& capture = GetParam().capture;
  if (counted(capture, "esp") == 0) return;
  EXPECT_EQ(report["esp"], counted(capture, "esp"));
  EXPECT_EQ(report["inner"], counted(capture, "inner"));
  EXPECT_EQ(report["ike"], counted(capture, "ike"));
  EXPECT_EQ(report["keepalives"], counted(capture, "keepalive"));
  EXPECT_EQ(report["other"], counted(capture, "other"));
  EXPECT_EQ(report["l2tp_control"].get<std::uint64_t>() + report["ppp_control"].get<std::uint64_t>(),
            counted(capture, "control"));
  EXPECT_EQ(report["drops"].value("clear_l2tp", 0U), counted(capture, "clear_l2tp"));
  EXPECT_EQ(report["packets"].get<std::uint64_t>(),
            report["esp"].get<std::uint64_t>() + report["ike"].get<std::uint64_t>() +
                report["keepalives"].get<std::uint64_t>() + report["other"].get<std::uint64_t>() +
                report["fragments_held"].get<std::uint64_t>() + counted(capture, "clear_l2tp"));
}

TEST_P(DecapCaptures, gives_nothing_for_a_wrong_key) {
  if (counted(GetParam().capture, "esp") == 0) return;
  const TemporaryFolder folder;
  // One hexadecimal digit of every key: the last but one before the closing quote, the space or the end of
  // the line.
  std::string keys = read_file(captures / GetParam().capture / GetParam().keys);
  static const std::regex key_digit("(0x[0-9a-f]{30,})([0-9a-f])\\b");
  std::string changed;
  std::size_t from = 0;
  for (auto at = std::sregex_iterator(keys.begin(), keys.end(), key_digit); at != std::sregex_iterator();
       ++at) {
    const auto digit = static_cast<std::size_t>(at->position(2));
    changed += keys.substr(from, digit - from) + (keys[digit] == '0' ? '1' : '0');
    from = digit + 1;
  }
  changed += keys.substr(from);
  ASSERT_NE(changed, keys);
  write_file(folder / GetParam().keys, changed);
  const auto outer = captures / GetParam().capture / "outer.pcap";
  const ProgramResult result =
      run({ESPGATE_REPLAY, "decap", "--json", "--engine", GetParam().engine, "--keys",
           folder / GetParam().keys, outer, "--write", folder / "inner.pcap"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto report = nlohmann::json::parse(result.output);
  EXPECT_EQ(report["inner"], 0);
  EXPECT_EQ(report["drops"]["esp_bad_icv"], counted(GetParam().capture, "esp"));
  EXPECT_EQ(read_file(folder / "inner.pcap").size(), 24u) << "a header and no packet";
}

INSTANTIATE_TEST_SUITE_P(Real, DecapCaptures, testing::ValuesIn(all_scenarios()), [](const auto& scenario) {
  std::string name = scenario.param.capture + "_" + scenario.param.keys + "_" + scenario.param.engine;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

}  // namespace
}  // namespace espgate::test
