// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file.h"
#include "tests/unit/replay/sa_text.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

crypto::SecretBytes key_of(std::size_t size, unsigned seed) {
  crypto::SecretBytes key(size);
  for (std::size_t i = 0; i < size; ++i) key.data()[i] = static_cast<std::byte>(seed + 37 * i);
  return key;
}

// One SA of every suite and some more, with every field at its different values.
std::vector<SaKeys> every_suite() {
  std::vector<SaKeys> sas;
  for (unsigned i = 0; i < 2 * crypto::suites().size(); ++i) {
    SaKeys& sa = sas.emplace_back();
    sa.suite = static_cast<crypto::SuiteId>(i % crypto::suites().size());
    const crypto::Suite& suite = crypto::suite(sa.suite);
    sa.cipher_key = key_of(std::size_t{suite.cipher_key_bytes} + suite.salt_bytes, i);
    sa.integrity_key = key_of(suite.integrity_key_bytes, i + 128);
    sa.spi = 0x100 + 0x1234567 * i;
    if (i % 4 != 0) sa.source = *wire::IpAddress::from_string(i % 4 == 3 ? "2001:db8::1" : "198.51.100.7");
    if (i % 4 != 1) sa.destination = *wire::IpAddress::from_string(i % 4 == 3 ? "2001:db8::2" : "10.20.0.10");
    sa.mode = static_cast<SaKeys::Mode>(i % 3);
    sa.esn = i % 5 == 0;
    sa.sequence_high = sa.esn ? i : 0;
    sa.udp_encapsulation = i % 2 == 0;
    sa.encapsulation_source_port = sa.udp_encapsulation ? static_cast<std::uint16_t>(60000 + i) : 0;
    sa.encapsulation_destination_port = sa.udp_encapsulation ? 4500 : 0;
    sa.replay_window = 33 * (i % 7);
  }
  return sas;
}

std::string text_of(const crypto::SecretBytes& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

struct Format {
  const char* name;
  KeyFormat format;
};
class KeyFormats : public testing::TestWithParam<Format> {};

TEST_P(KeyFormats, GiveBackEverySaOfEverySuite) {
  const auto sas = every_suite();
  const std::string file = text_of(format_keys(GetParam().format, sas));
  const auto back = read_keys(file, "keys");
  ASSERT_TRUE(back) << back.error().to_string() << "\n" << file;
  EXPECT_EQ(texts(*back, full_text), texts(sas, full_text)) << file;
}

INSTANTIATE_TEST_SUITE_P(KeyFileRoundTrip, KeyFormats,
                         testing::Values(Format{"Xfrm", KeyFormat::xfrm},
                                         Format{"IpBatch", KeyFormat::ip_batch},
                                         Format{"Json", KeyFormat::json}),
                         [](const auto& row) { return row.param.name; });

// Wireshark's table has no column for mode, encapsulation, window and upper sequence number.
TEST(KeyFileRoundTrip, EspSaGivesBackWhatItHasColumnsFor) {
  auto sas = every_suite();
  const std::string file = text_of(format_keys(KeyFormat::esp_sa, sas));
  const auto back = read_keys(file, "keys");
  ASSERT_TRUE(back) << back.error().to_string() << "\n" << file;
  for (SaKeys& sa : sas) {
    sa.mode = SaKeys::Mode::any;
    sa.udp_encapsulation = false;
    sa.encapsulation_source_port = sa.encapsulation_destination_port = 0;
    sa.sequence_high = sa.replay_window = 0;
  }
  EXPECT_EQ(texts(*back, full_text), texts(sas, full_text)) << file;
}

TEST(KeyFileRoundTrip, TheShortSha256IsTruncatedTo96Bits) {
  auto sas = every_suite();
  std::erase_if(sas, [](const SaKeys& sa) { return crypto::suite(sa.suite).name != "aes256-sha256_96"; });
  ASSERT_EQ(sas.size(), 2U);
  const std::string file = text_of(format_keys(KeyFormat::xfrm, {sas.data(), 1}));
  EXPECT_THAT(file, testing::ContainsRegex("auth-trunc hmac\\(sha256\\) 0x[0-9a-f]{64} 96\n"));
}

TEST(KeyFileRoundTrip, AnEmptyJsonListIsReadBack) {
  const auto back = read_keys(text_of(format_keys(KeyFormat::json, {})), "keys");
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_TRUE(back->empty());
}

}  // namespace
}  // namespace espgate::replay
