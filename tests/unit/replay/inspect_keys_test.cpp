// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_keys.h"

#include "crypto/suite.h"
#include "tests/unit/replay/inspect_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

wire::IpAddress ip(std::string_view text) { return *wire::IpAddress::from_string(text); }

SaKeys sa(std::uint32_t spi, std::string_view destination, std::string_view suite) {
  SaKeys keys;
  keys.spi = spi;
  if (!destination.empty()) keys.destination = ip(destination);
  keys.suite = *crypto::find_suite(suite);
  return keys;
}

KnownKeys known(std::vector<std::tuple<std::uint32_t, std::string_view, std::string_view>> rows) {
  std::vector<SaKeys> sas;
  for (const auto& [spi, destination, suite] : rows) sas.push_back(sa(spi, destination, suite));
  return KnownKeys(sas);
}

std::string_view suite_of(const KnownKeys& keys, std::string_view destination, std::uint32_t spi) {
  const auto* entry = keys.find(ip(destination), spi);
  return entry == nullptr ? "none" : crypto::suite(entry->suite).name;
}

TEST(KnownKeys, AreFoundAsDecapFindsThem) {
  const auto keys = known({{1, "10.0.0.1", "aes128-sha1"},
                           {1, "10.0.0.2", "aes256-sha1"},
                           {2, "10.0.0.1", "aes128gcm16"},
                           {3, "", "aes256-sha256"},
                           {4, "10.0.0.1", "aes128-sha1"},
                           {4, "", "aes256-sha1"}});
  EXPECT_EQ(suite_of(keys, "10.0.0.1", 1), "aes128-sha1");
  EXPECT_EQ(suite_of(keys, "10.0.0.2", 1), "aes256-sha1");
  EXPECT_EQ(suite_of(keys, "10.0.0.3", 1), "none") << "either could be meant";
  EXPECT_EQ(suite_of(keys, "10.0.0.3", 2), "aes128gcm16") << "the other side of a NAT";
  EXPECT_EQ(suite_of(keys, "10.0.0.9", 3), "aes256-sha256");
  EXPECT_EQ(suite_of(keys, "10.0.0.1", 4), "aes128-sha1");
  EXPECT_EQ(suite_of(keys, "10.0.0.9", 4), "aes256-sha1");
  EXPECT_EQ(suite_of(keys, "10.0.0.1", 5), "none");
}

TEST(KnownKeys, SayWhichSasHaveNoneAndWhichWereNotUsed) {
  const auto keys = known({{0xaaaa, "10.20.0.10", "aes256-sha1"}, {0xdddd, "", "aes128-sha1"}});
  InspectedFrames frames;
  frames.esp(0xaaaa, 1).esp_back(0xbbbb, 1);
  const auto summary = frames.summary(&keys);
  EXPECT_EQ(summary.peers.at(0).sas.at(0).suite, "aes256-sha1");
  EXPECT_EQ(summary.peers.at(0).sas.at(1).suite, "");
  EXPECT_THAT(summary.findings(), ElementsAre("1 SA has no key: 0x0000bbbb",
                                              "1 SA of the key file without a packet here: 0x0000dddd"));
  EXPECT_THAT(summary.text(), HasSubstr("no key"));
}

}  // namespace
}  // namespace espgate::replay
