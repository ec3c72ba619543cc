// SPDX-License-Identifier: Apache-2.0
// Other programs decrypt what encap wrote, with the keys that it wrote.
#include "tests/scenarios/encap_scenario.h"
#include "tests/scenarios/program.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

namespace espgate::test {
namespace {

constexpr const char* tshark = "/usr/bin/tshark";

class EncapOracle : public testing::TestWithParam<std::string> {
 protected:
  void encap(const std::string& format, const std::string& keys, const Arguments& more = {}) const {
    Arguments arguments = {"encap", "--suite", GetParam(), "--clients", "3", "--keys-format", format, input_};
    arguments.insert(arguments.end(), {"--write", outer_, "--write-keys", keys});
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run_here(arguments);
    ASSERT_TRUE(result.done) << result.done.error().to_string();
  }

  const TemporaryFolder folder_;
  const std::string input_ = capture_file("two-clients-one-nat", "expected.pcap");
  const std::string outer_ = folder_ / "outer.pcap";
};

std::string name_of(const testing::TestParamInfo<std::string>& suite) {
  std::string name = suite.param;
  std::erase(name, '-');
  return name;
}

class EncapTshark : public EncapOracle {};
class EncapScapy : public EncapOracle {};

// As tshark prints the fields: destinations, the outer packet's first, of IPv4 and IPv6; then that the ICV is
// good, and that it is not bad.
std::string expected_line(const wire::Bytes inner) {
  if (const auto ip = wire::Ipv4Packet::parse(inner))
    return "203.0.113.10," + wire::IpAddress::v4(ip->destination()).to_string() + "\t\t1\t0";
  return "203.0.113.10\t" + wire::Ipv6Packet::parse(inner)->destination().to_string() + "\t1\t0";
}

// The payload's dissectors are off: some test traffic looks like their protocols and is not.
Arguments tshark_arguments(const std::string& outer, const std::string& profile) {
  return {"/usr/bin/env",
          "WIRESHARK_CONFIG_DIR=" + profile,
          tshark,
          "-r",
          outer,
          "-o",
          "esp.enable_encryption_decode:TRUE",
          "-o",
          "esp.enable_authentication_check:TRUE",
          "--disable-protocol",
          "dns",
          "--disable-protocol",
          "icmp",
          "--disable-protocol",
          "icmpv6",
          "-T",
          "fields",
          "-e",
          "ip.dst",
          "-e",
          "ipv6.dst",
          "-e",
          "esp.icv_good",
          "-e",
          "esp.icv_bad"};
}

TEST_P(EncapTshark, shows_the_inner_packets_and_good_icvs) {
  if (!std::filesystem::exists(tshark)) GTEST_FAIL() << "tshark is not installed; ./dev setup does it";
  const std::string profile = folder_ / "profile";
  std::filesystem::create_directory(profile);
  for (const Arguments& form :
       {Arguments{}, Arguments{"--behind-nat", "192.0.2.7"}, Arguments{"--plain-esp"}}) {
    encap("esp_sa", profile + "/esp_sa", form);
    const ProgramResult result = run(tshark_arguments(outer_, profile));
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    std::istringstream lines(result.output);
    std::size_t count = 0;
    for (const CapturedFrame& inner : read_frames(input_)) {
      std::string line;
      std::getline(lines, line);
      ++count;
      ASSERT_EQ(line, expected_line(inner.bytes)) << "packet " << count;
    }
    EXPECT_GT(count, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, EncapTshark,
                         // tshark 4.0 does not know chacha20poly1305.
                         testing::Values("aes256-sha1", "aes256-sha256", "aes128gcm16", "3des-sha1",
                                         "null-sha256"),
                         name_of);

TEST_P(EncapScapy, finds_the_packets_that_went_in) {
  const std::string keys = folder_ / "keys.json";
  encap("json", keys);
  const ProgramResult result =
      run({"/usr/bin/python3", ESPGATE_SOURCE_DIR "/tests/scenarios/encap_oracle.py", outer_, keys, input_});
  if (result.exit_code == 77) GTEST_FAIL() << "scapy is not installed; ./dev setup does it";
  EXPECT_EQ(result.exit_code, 0) << result.errors;
}

INSTANTIATE_TEST_SUITE_P(Suites, EncapScapy,
                         testing::Values("aes256-sha1", "aes128gcm16", "chacha20poly1305"), name_of);

}  // namespace
}  // namespace espgate::test
