// SPDX-License-Identifier: Apache-2.0
// `send` by a ring port, which gives back every frame it takes.
#include "tests/scenarios/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

using testing::HasSubstr;

const std::filesystem::path capture =
    std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures/aes128gcm16";

ProgramResult send(const std::string& input, const std::vector<std::string>& more) {
  std::vector<std::string> command = {ESPGATE_REPLAY, "send", input, "--wait", "0.1"};
  command.insert(command.end(), more.begin(), more.end());
  return run(command);
}

TEST(Send, every_frame_goes_out_and_what_comes_back_can_be_decrypted) {
  const TemporaryFolder folder;
  const auto result = send(capture / "outer.pcap", {"--port", "net_ring0", "--to", "02:00:00:00:00:01",
                                                    "--json", "--write", folder / "back.pcapng"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto report = nlohmann::json::parse(result.output);
  EXPECT_GT(report["sent"]["frames"], 100);
  EXPECT_EQ(report["received"]["frames"], report["sent"]["frames"]);
  EXPECT_EQ(report["received"]["bytes"], report["sent"]["bytes"]);
  const auto decapped = run({ESPGATE_REPLAY, "decap", "--keys", capture / "xfrm.txt", folder / "back.pcapng",
                             "--write", folder / "inner.pcap", "--json"});
  const auto direct =
      run({ESPGATE_REPLAY, "decap", "--keys", capture / "xfrm.txt", capture / "outer.pcap", "--json"});
  ASSERT_EQ(decapped.exit_code, 0) << decapped.errors;
  EXPECT_EQ(nlohmann::json::parse(decapped.output)["inner"], nlohmann::json::parse(direct.output)["inner"]);
}

TEST(Send, a_capture_is_sent_as_often_as_asked_for) {
  const auto once = send(capture / "outer.pcap", {"--port", "net_ring0", "--json"});
  const auto thrice = send(capture / "outer.pcap", {"--port", "net_ring0", "--loop", "3", "--json"});
  ASSERT_EQ(thrice.exit_code, 0) << thrice.errors;
  EXPECT_EQ(nlohmann::json::parse(thrice.output)["sent"]["frames"].get<int>(),
            3 * nlohmann::json::parse(once.output)["sent"]["frames"].get<int>());
}

TEST(Send, frames_without_mac_addresses_need_one) {
  const auto refused = send(capture / "expected.pcap", {"--port", "net_ring0"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.errors, HasSubstr("--to"));
  const auto sent = send(capture / "expected.pcap", {"--port", "net_ring0", "--to", "02:00:00:00:00:01"});
  EXPECT_EQ(sent.exit_code, 0) << sent.errors;
}

TEST(Send, says_what_is_wrong) {
  EXPECT_EQ(send("/no/such/capture", {"--port", "net_ring0"}).exit_code, 3);
  EXPECT_EQ(send(capture / "outer.pcap", {"--port", "net_ring0", "--to", "nonsense"}).exit_code, 2);
  EXPECT_EQ(send(capture / "outer.pcap", {"--port", "net_ring0", "--answer-arp", "::1"}).exit_code, 2);
  const auto port = send(capture / "outer.pcap", {"--port", "net_af_packet0,iface=nosuch0"});
  EXPECT_EQ(port.exit_code, 3);
  EXPECT_THAT(port.errors, HasSubstr("iface=nosuch0"));
}

}  // namespace
}  // namespace espgate::test
