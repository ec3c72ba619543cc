// SPDX-License-Identifier: Apache-2.0
// What a person gets to see when something is wrong, and what is kept of the work done before.
#include "tests/scenarios/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

using testing::HasSubstr;

const std::filesystem::path capture =
    std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures/aes128gcm16";

ProgramResult decap(const std::string& keys, const std::string& input,
                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> command = {ESPGATE_REPLAY, "decap", "--keys", keys, input};
  command.insert(command.end(), more.begin(), more.end());
  return run(command);
}

TEST(DecapErrors, a_missing_file_is_named) {
  const auto result = decap(capture / "xfrm.txt", "/no/such/capture.pcap");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("/no/such/capture.pcap"));
  EXPECT_EQ(decap("/no/such/keys", capture / "outer.pcap").exit_code, 3);
}

TEST(DecapErrors, a_capture_that_breaks_off_gives_what_came_before) {
  const TemporaryFolder folder;
  const std::string whole = read_file(capture / "outer.pcap");
  write_file(folder / "cut.pcap", whole.substr(0, whole.size() / 2));
  const auto result =
      decap(capture / "xfrm.txt", folder / "cut.pcap", {"--write", folder / "inner.pcap", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("cut.pcap"));
  const auto report = nlohmann::json::parse(result.output);
  EXPECT_GT(report["inner"], 100);
  const std::string inner = read_file(folder / "inner.pcap");
  const std::string expected = read_file(capture / "expected.pcap");
  EXPECT_GT(inner.size(), 10000u);
  EXPECT_EQ(inner, expected.substr(0, inner.size()));
}

TEST(DecapErrors, an_output_that_is_an_input_is_refused_and_left_alone) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(capture / "outer.pcap", folder / "outer.pcap");
  std::filesystem::create_symlink(folder / "outer.pcap", folder / "link.pcap");
  const auto result = decap(capture / "xfrm.txt", folder / "outer.pcap", {"--write", folder / "link.pcap"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("link.pcap is an input"));
  EXPECT_EQ(read_file(folder / "outer.pcap"), read_file(capture / "outer.pcap"));
}

TEST(DecapErrors, a_full_disk_is_told_and_has_its_own_exit_code) {
  const auto result = decap(capture / "xfrm.txt", capture / "outer.pcap", {"--write", "/dev/full"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.errors, HasSubstr("/dev/full"));
  EXPECT_THAT(result.errors, HasSubstr("No space left"));
}

TEST(DecapErrors, a_key_of_the_wrong_length_is_named_by_line_and_column_and_not_shown) {
  const TemporaryFolder folder;
  std::string keys = read_file(capture / "xfrm.txt");
  const auto at = keys.find("0x9b2592e8");
  ASSERT_NE(at, std::string::npos);
  keys.erase(at + 2, 2);
  write_file(folder / "keys", keys);
  const auto result = decap(folder / "keys", capture / "outer.pcap");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("keys:4:"));
  EXPECT_THAT(result.errors, testing::Not(HasSubstr("2592e867")));
}

TEST(DecapErrors, wrong_usage_has_its_own_exit_code) {
  EXPECT_EQ(run({ESPGATE_REPLAY}).exit_code, 2);
  EXPECT_EQ(run({ESPGATE_REPLAY, "decap", "x"}).exit_code, 2);
  EXPECT_EQ(decap(capture / "xfrm.txt", capture / "outer.pcap", {"--engine", "quantum"}).exit_code, 2);
  EXPECT_EQ(decap(capture / "xfrm.txt", capture / "outer.pcap", {"--rate", "-5"}).exit_code, 2);
  EXPECT_EQ(decap(capture / "xfrm.txt", capture / "outer.pcap", {"--filter", "nobody"}).exit_code, 2);
  EXPECT_EQ(decap(capture / "xfrm.txt", capture / "outer.pcap", {"--replay-window", "5"}).exit_code, 2);
  EXPECT_EQ(run({ESPGATE_REPLAY, "--help"}).exit_code, 0);
}

nlohmann::json report_of(const std::vector<std::string>& more) {
  std::vector<std::string> options = more;
  options.emplace_back("--json");
  const auto result = decap(capture / "xfrm.txt", capture / "outer.pcap", options);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return nlohmann::json::parse(result.output);
}

TEST(DecapOptions, a_loop_ignores_the_windows_verdict_and_says_so) {
  const auto report = report_of({"--loop", "3"});
  EXPECT_EQ(report["inner"], 3 * 1200);
  EXPECT_EQ(report["replay_verdict_ignored"], true);
  EXPECT_EQ(report["drops"].size(), 0u);
  EXPECT_GT(report["cycles_per_packet"], 0.0);
}

TEST(DecapOptions, a_loop_writes_one_round) {
  const TemporaryFolder folder;
  const auto report = report_of({"--loop", "3", "--write", folder / "inner.pcap"});
  EXPECT_EQ(read_file(folder / "inner.pcap"), read_file(capture / "expected.pcap"));
}

TEST(DecapOptions, a_duration_ends) { EXPECT_GT(report_of({"--duration", "0.05"})["rounds"], 0); }

TEST(DecapOptions, filters_choose_by_spi_and_by_address) {
  const auto all = report_of({});
  const auto by_spi = report_of({"--filter", "0x3fde044d"});
  EXPECT_EQ(by_spi["esp"], by_spi["packets"]);
  EXPECT_GT(by_spi["esp"], 100);
  EXPECT_LT(by_spi["esp"], all["esp"]);
  EXPECT_EQ(report_of({"--filter", "198.51.100.2"})["esp"], all["esp"]);
  EXPECT_EQ(report_of({"--filter", "192.0.2.1"})["packets"], 0);
}

TEST(DecapOptions, a_rate_in_packets_per_second_takes_its_time) {
  const auto start = std::chrono::steady_clock::now();
  report_of({"--rate", "20000"});
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(60));
}

TEST(DecapOptions, a_progress_line_a_second_goes_to_standard_error) {
  const auto result = decap(capture / "xfrm.txt", capture / "outer.pcap", {"--duration", "1.3"});
  EXPECT_THAT(result.errors, HasSubstr("Mpps overall"));
}

}  // namespace
}  // namespace espgate::test
