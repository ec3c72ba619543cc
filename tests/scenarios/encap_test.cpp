// SPDX-License-Identifier: Apache-2.0
// What encap makes, decap takes apart again: the same packets, byte by byte, with their time stamps.
#include "crypto/suite.h"
#include "tests/scenarios/encap_scenario.h"
#include "tests/scenarios/program.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace espgate::test {
namespace {

constexpr std::array formats{"json", "xfrm", "ip-batch", "esp_sa"};

// Wireshark's table has no field for the upper half of a sequence number.
bool tells_sequence_high(const std::string& format) { return format != "esp_sa"; }

Arguments encap_arguments(const Form& form, const std::string& suite, const std::string& format) {
  Arguments arguments = {"encap", "--suite", suite, "--keys-format", format};
  for (const std::string& option : form.options) {
    const bool sequence = option == "0x100000001" && !tells_sequence_high(format);
    arguments.push_back(sequence ? "1" : option);
  }
  return arguments;
}

class EncapForms : public testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] static const Form& form() { return all_forms()[GetParam()]; }

  // In this process: there with the fastest engine, and back with OpenSSL's.
  void round_trip(const std::string& input, const std::string& suite, const std::string& format) const {
    SCOPED_TRACE(input + " " + suite + " " + format);
    Arguments encap = encap_arguments(form(), suite, format);
    encap.insert(encap.end(), {"--clients", "3", "--write", outer_, "--write-keys", keys_, input});
    const auto there = run_here(encap);
    ASSERT_TRUE(there.done) << there.done.error().to_string();
    const auto back = run_here({"decap", "--engine", "openssl", "--keys", keys_, "--write", inner_, outer_});
    ASSERT_TRUE(back.done) << back.done.error().to_string();
    EXPECT_TRUE(read_file(inner_) == read_file(input)) << there.output << back.output;
  }

  const TemporaryFolder folder_;
  const std::string outer_ = folder_ / "outer.pcap";
  const std::string inner_ = folder_ / "inner.pcap";
  const std::string keys_ = folder_ / "keys";
};

// Each suite meets each key format, since there are more forms than formats.
TEST_P(EncapForms, come_back_for_every_suite) {
  const std::string input = folder_ / "input.pcap";
  write_packets(input);
  std::size_t turn = GetParam();
  for (const crypto::Suite& suite : crypto::suites())
    round_trip(input, std::string(suite.name), formats[turn++ % formats.size()]);
}

TEST_P(EncapForms, come_back_with_the_packets_of_every_capture_and_every_key_format) {
  std::size_t turn = GetParam();
  for (const std::string& capture : captures_with_packets())
    for (const char* format : formats)
      round_trip(capture_file(capture, "expected.pcap"),
                 std::string(crypto::suites()[turn++ * 5 % crypto::suites().size()].name), format);
}

// The same once with real processes.
TEST_P(EncapForms, come_back_through_the_program) {
  const auto captures = captures_with_packets();
  const std::string input = capture_file(captures[GetParam() % captures.size()], "expected.pcap");
  Arguments encap = encap_arguments(form(), "aes256-sha1", formats[GetParam() % formats.size()]);
  encap.insert(encap.begin(), ESPGATE_REPLAY);
  encap.insert(encap.end(), {"--clients", "2", "--write", outer_, "--write-keys", keys_, input});
  const ProgramResult there = run(encap);
  ASSERT_EQ(there.exit_code, 0) << there.errors;
  EXPECT_EQ(there.errors, "");
  const ProgramResult back = run({ESPGATE_REPLAY, "decap", "--keys", keys_, "--write", inner_, outer_});
  ASSERT_EQ(back.exit_code, 0) << back.errors;
  EXPECT_TRUE(read_file(inner_) == read_file(input)) << there.output << back.output;
}

INSTANTIATE_TEST_SUITE_P(All, EncapForms, testing::Range(std::size_t{0}, all_forms().size()),
                         [](const auto& form) { return all_forms()[form.param].name; });

class EncapSequences : public testing::Test {
 protected:
  // What decap says of packets whose numbers begin with `start`, and whether they all came back.
  [[nodiscard]] bool comes_back(const Arguments& sequence_options) const {
    Arguments encap = {"encap", "--suite", "aes128gcm16", "--write", outer_, "--write-keys", keys_, input_};
    encap.insert(encap.end(), sequence_options.begin(), sequence_options.end());
    const auto there = run_here(encap);
    EXPECT_TRUE(there.done) << there.done.error().to_string();
    const auto back =
        run_here({"decap", "--replay-window", "32", "--keys", keys_, "--write", inner_, outer_});
    EXPECT_TRUE(back.done);
    return read_file(inner_) == read_file(input_);
  }

  const TemporaryFolder folder_;
  const std::string input_ = capture_file("aes128gcm16", "expected.pcap");  // 1200 packets
  const std::string outer_ = folder_ / "outer.pcap";
  const std::string inner_ = folder_ / "inner.pcap";
  const std::string keys_ = folder_ / "keys";
};

TEST_F(EncapSequences, wrap_their_lower_half_with_esn) {
  // Early enough that the receiver's window, which has seen nothing, takes the first burst (RFC 4303 appendix
  // A2.1).
  EXPECT_TRUE(comes_back({"--esn", "--sequence-start", "4294966696"}));
}

TEST_F(EncapSequences, go_far_up_with_esn) {
  EXPECT_TRUE(comes_back({"--esn", "--sequence-start", "0x1234567800000001"}));
}

TEST_F(EncapSequences, end_without_esn_at_the_last_of_32_bits) {
  EXPECT_FALSE(comes_back({"--sequence-start", "4294967290"}));
  EXPECT_EQ(read_frames(outer_).size(), 6u);
  EXPECT_EQ(read_frames(inner_).size(), 6u);
}

}  // namespace
}  // namespace espgate::test
