// SPDX-License-Identifier: Apache-2.0
#include "crypto/suite.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::crypto {
namespace {

TEST(Suites, EveryNameIsThereOnceAndFindsItself) {
  std::set<std::string_view> names;
  for (std::size_t id = 0; id < suites().size(); ++id) {
    EXPECT_TRUE(names.insert(suites()[id].name).second) << suites()[id].name;
    EXPECT_EQ(find_suite(suites()[id].name), static_cast<SuiteId>(id));
    EXPECT_EQ(&suite(static_cast<SuiteId>(id)), &suites()[id]);
  }
  EXPECT_EQ(names.size(), 34U);  // null, 3DES and three AES with six hashes, and four AEADs
}

TEST(Suites, NamesAreThoseOfStrongswan) {
  for (const char* name :
       {"null-md5", "null-sha256", "3des-sha1", "3des-md5", "aes128-sha1", "aes128-md5", "aes192-sha384",
        "aes256-sha1", "aes256-sha256", "aes256-sha256_96", "aes256-sha512", "aes128gcm16", "aes192gcm16",
        "aes256gcm16", "chacha20poly1305"}) {
    EXPECT_TRUE(find_suite(name).has_value()) << name;
  }
  for (const char* name :
       {"", "aes", "aes256", "sha1", "AES256-SHA1", "aes256-sha1 ", "aes128gcm16-sha1", "aes128gcm8"}) {
    EXPECT_FALSE(find_suite(name).has_value()) << name;
  }
}

struct Expected {
  const char* name;
  unsigned key, salt, iv, alignment, integrity_key, icv;
  bool legacy;
  unsigned transform, key_length_bits, auth_algorithm;
};

// Written out from RFC 2404, 2403, 2451, 3602, 4106, 4868, 7634 and the IANA registries.
constexpr Expected expected[] = {
    {"null-sha1", 0, 0, 0, 4, 20, 12, true, 11, 0, 2},
    {"null-sha256", 0, 0, 0, 4, 32, 16, true, 11, 0, 5},
    {"3des-md5", 24, 0, 8, 8, 16, 12, true, 3, 0, 1},
    {"3des-sha1", 24, 0, 8, 8, 20, 12, true, 3, 0, 2},
    {"aes128-md5", 16, 0, 16, 16, 16, 12, true, 12, 128, 1},
    {"aes128-sha1", 16, 0, 16, 16, 20, 12, false, 12, 128, 2},
    {"aes192-sha384", 24, 0, 16, 16, 48, 24, false, 12, 192, 6},
    {"aes256-sha1", 32, 0, 16, 16, 20, 12, false, 12, 256, 2},
    {"aes256-sha256", 32, 0, 16, 16, 32, 16, false, 12, 256, 5},
    {"aes256-sha256_96", 32, 0, 16, 16, 32, 12, false, 12, 256, 5},
    {"aes256-sha512", 32, 0, 16, 16, 64, 32, false, 12, 256, 7},
    {"aes128gcm16", 16, 4, 8, 4, 0, 16, false, 20, 128, 0},
    {"aes192gcm16", 24, 4, 8, 4, 0, 16, false, 20, 192, 0},
    {"aes256gcm16", 32, 4, 8, 4, 0, 16, false, 20, 256, 0},
    {"chacha20poly1305", 32, 4, 8, 4, 0, 16, false, 0, 0, 0},
};

TEST(Suites, SizesAndNumbersAreThoseOfTheRfcs) {
  for (const Expected& row : expected) {
    SCOPED_TRACE(row.name);
    const Suite& found = suite(find_suite(row.name).value());
    EXPECT_EQ(found.cipher_key_bytes, row.key);
    EXPECT_EQ(found.salt_bytes, row.salt);
    EXPECT_EQ(found.iv_bytes, row.iv);
    EXPECT_EQ(found.alignment_bytes, row.alignment);
    EXPECT_EQ(found.integrity_key_bytes, row.integrity_key);
    EXPECT_EQ(found.icv_bytes, row.icv);
    EXPECT_EQ(found.legacy, row.legacy);
    EXPECT_EQ(found.esp_transform, row.transform);
    EXPECT_EQ(found.key_length_bits, row.key_length_bits);
    EXPECT_EQ(found.auth_algorithm, row.auth_algorithm);
    EXPECT_EQ(found.xfrm_icv_bits, row.icv * 8);
    EXPECT_EQ(found.is_aead(), row.integrity_key == 0);
  }
}

TEST(Suites, EachIsFoundByItsOwnKernelNames) {
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const Suite& wanted = suites()[id];
    EXPECT_EQ(find_suite_by_xfrm(wanted.xfrm_cipher, wanted.cipher_key_bytes, wanted.xfrm_integrity,
                                 wanted.xfrm_icv_bits),
              static_cast<SuiteId>(id))
        << wanted.name;
  }
}

struct KernelNames {
  const char* cipher;
  std::size_t key_bytes;
  const char* integrity;
  unsigned icv_bits;
  const char* suite;  // "": none
};

constexpr KernelNames kernel_names[] = {
    {"cbc(aes)", 32, "hmac(sha1)", 96, "aes256-sha1"},
    {"cbc(aes)", 32, "hmac(sha256)", 128, "aes256-sha256"},
    {"cbc(aes)", 32, "hmac(sha256)", 96, "aes256-sha256_96"},
    {"aes", 16, "sha1", 96, "aes128-sha1"},
    {"aes", 24, "sha384", 192, "aes192-sha384"},
    {"des3_ede", 24, "md5", 96, "3des-md5"},
    {"cbc(des3_ede)", 24, "hmac(sha512)", 256, "3des-sha512"},
    {"cipher_null", 0, "sha256", 128, "null-sha256"},
    {"ecb(cipher_null)", 0, "hmac(sha1)", 96, "null-sha1"},
    {"rfc4106(gcm(aes))", 24, "", 128, "aes192gcm16"},
    {"rfc7539esp(chacha20,poly1305)", 32, "", 128, "chacha20poly1305"},
    // What we have not:
    {"rfc4106(gcm(aes))", 16, "", 64, ""},
    {"rfc4106(gcm(aes))", 20, "", 128, ""},
    {"cbc(aes)", 32, "digest_null", 0, ""},
    {"cbc(aes)", 32, "", 96, ""},
    {"cbc(aes)", 32, "hmac(sha1)", 160, ""},
    {"cbc(aes)", 17, "hmac(sha1)", 96, ""},
    {"cbc(camellia)", 32, "hmac(sha1)", 96, ""},
    {"cbc(aes)", 32, "hmac(", 96, ""},
};

TEST(Suites, KernelNamesOldAndNewAreUnderstood) {
  for (const KernelNames& row : kernel_names) {
    const auto found = find_suite_by_xfrm(row.cipher, row.key_bytes, row.integrity, row.icv_bits);
    EXPECT_EQ(found ? suite(*found).name : "", row.suite)
        << row.cipher << ' ' << row.integrity << ' ' << row.icv_bits;
  }
}

}  // namespace
}  // namespace espgate::crypto
