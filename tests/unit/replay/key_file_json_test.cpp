// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file.h"
#include "tests/unit/replay/sa_text.h"

#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

struct Case {
  const char* sentence;
  const char* text;
  std::vector<std::string> expected;
};

const std::vector<Case> cases = {
    {"the short form in a bare array, SPI as a number",
     R"json([{"src": "10.0.0.1", "dst": "10.0.0.2", "spi": 4096, "suite": "aes128-sha1",
          "cipher_key": "0x000102030405060708090a0b0c0d0e0f",
          "integrity_key": "0x101112131415161718191A1B1C1D1E1F20212223", "mode": "transport", "esn": false,
          "encap": {"type": "espinudp", "sport": 4500, "dport": 62000}, "replay_window": 64}])json",
     {"10.0.0.1 > 10.0.0.2 spi 0x00001000 aes128-sha1 cipher 000102030405060708090a0b0c0d0e0f integrity "
      "101112131415161718191a1b1c1d1e1f20212223 mode transport encap true 4500 62000 high 0 window 64"}},
    {"the long form beside members that are not ours, with nulls and escapes",
     R"json({"tool": {"esp_sas": [1, 2, {"x": null}]}, "esp_sas": [{"spi": "0x1000", "esn": true, "sequence_high": 2,
          "dst": "10.0.0\u002e2", "src": "*", "encap": null, "first_seen": 1.5e3, "note": [true],
          "aead": {"alg": "rfc4106(gcm(aes))", "icv_bits": 128, "note": "with salt",
                   "key": "0x000102030405060708090a0b0c0d0e0f1011121\u0033"}}]})json",
     {":: > 10.0.0.2 spi 0x00001000 aes128gcm16 cipher 000102030405060708090a0b0c0d0e0f10111213 integrity  "
      "esn mode any "
      "encap false 0 0 high 2 window 0"}},
    {"NULL in both forms needs no cipher key; of a member given twice the last counts",
     R"json([{"spi": 1, "spi": 256, "suite": "null-md5", "integrity_key": "0x000102030405060708090a0b0c0d0e0f"},
         {"spi": 257, "mode": "tunnel", "enc": {"alg": "ecb(cipher_null)", "key": ""},
          "auth": {"alg": "hmac(md5)", "key": "0x000102030405060708090a0b0c0d0e0f", "trunc_bits": 96}}])json",
     {":: > :: spi 0x00000100 null-md5 cipher  integrity 000102030405060708090a0b0c0d0e0f mode any encap "
      "false 0 0 high 0 window 0",
      ":: > :: spi 0x00000101 null-md5 cipher  integrity 000102030405060708090a0b0c0d0e0f mode tunnel encap "
      "false 0 0 high 0 window 0"}},
};

TEST(KeyFileJson, IsRead) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto sas = read_keys(test.text, "keys.json");
    ASSERT_TRUE(sas) << sas.error().to_string();
    EXPECT_EQ(texts(*sas, full_text), test.expected);
  }
}

TEST(KeyFileJson, TellsWhereAnSaIsDefined) {
  const auto sas = read_keys(
      "[\n{\"spi\": 256, \"suite\": \"null-md5\",\n"
      "\"integrity_key\": \"0x000102030405060708090a0b0c0d0e0f\"}]",
      "keys.json");
  ASSERT_TRUE(sas) << sas.error().to_string();
  EXPECT_EQ(sas->front().where, "keys.json:2");
}

}  // namespace
}  // namespace espgate::replay
