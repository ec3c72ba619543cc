// SPDX-License-Identifier: Apache-2.0
#include "crypto/ike_keys.h"

#include "tests/unit/crypto/esp_oracle.h"

#include <gtest/gtest.h>

namespace espgate::crypto::test {
namespace {

// Worked out by Python's hmac module from RFC 2409's formulas; ike_capture_test has what real peers worked
// out.
struct KeysVector {
  IkeHash hash;
  const char* skeyid;
  const char* skeyid_d;
  const char* skeyid_a;
  const char* skeyid_e;
  const char* key_of_16;
  const char* key_of_24;
  const char* key_of_32;
  const char* keymat_of_36;
  const char* keymat_of_96_with_pfs;
};

const std::vector<KeysVector> vectors = {
    {IkeHash::md5, "d4c1a6ed8c619cfc73a828bcd812e99c", "827d964e2d663caa15e5cedf02cbb442",
     "e83c1823d88cc329b5a3402a92cf2d22", "6eb58e7521b6122b5ac094ead26a48f1",
     "6eb58e7521b6122b5ac094ead26a48f1", "430d4dd88b5acd9c1412d18df07237fef3c446216a3d822e",
     "430d4dd88b5acd9c1412d18df07237fef3c446216a3d822e65b73194287da7b4",
     "a0168bc8493bb14068adaf2f625260f86fa490e45bfeda13713cc1ce9e43814a992babaf",
     "e66ddb55d734c10804bf3009f789fbe6205f32f010c88fcd3ba31a1f74a63861465eee983777637787f4b0e004eb5babd96d846"
     "f90c4588cb4175601da0597b8fad715c4fdd7f44fe708a94e1cc237f8e482f90312f0b8a0e21fe63ca8782620"},
    {IkeHash::sha1, "fe7c7a4395ac0f427f7b1c8a621873f40adc3f05", "88ddb1fe6a3681cb787599a61174516af15ad059",
     "390f5ceecf0dcac4d3ed6cd9e503370bf3560336", "e4b27b879ec6f031e4139f1b645bf125001a8be8",
     "e4b27b879ec6f031e4139f1b645bf125", "d6e303c81a45f67d065c8e49cecfac2add4b8f5910dac315",
     "d6e303c81a45f67d065c8e49cecfac2add4b8f5910dac315d1d3c22a8e0fdb99",
     "4af84f680974d30c250a8e5f4313470a1ea58d5d6d3c6d37e12de978e722e9bc89097e22",
     "111672cb4c0edf772708eafa892e16c06dbfb0b06c167e8011641cf2c3742b6d81d9e368b2947591c693d1d655474346d05ae61"
     "25ab13cb259bf9dad469c55eed842044216a369ba0d926eebed9334a69e96b2e313bfb3f754671efeb5bd6cfb"},
    {IkeHash::sha2_256, "01452efcb98568d5d5e5dc66d0a5d5e1f83c6290667209d9e8a7bd25c74e4117",
     "8d6da78a865b48f2162b8bcd96c17ed5382edef2f75891475ead0228a7cb3cd7",
     "d2aade23813a971b84aab087abbe13b3f1e2cb388b6b3fd09fbd22338fe1c10c",
     "b70a2a180fa2ef4ce64ab09b0dd3c04634130663e97d27dfc6e7a418edd0c72a", "b70a2a180fa2ef4ce64ab09b0dd3c046",
     "b70a2a180fa2ef4ce64ab09b0dd3c04634130663e97d27df",
     "b70a2a180fa2ef4ce64ab09b0dd3c04634130663e97d27dfc6e7a418edd0c72a",
     "e118540d53601d91dff1df68fb0bdeb72d3e5d689dbccc6230c7b2be527866982b30e7e8",
     "16525f77f9497053ae029a603d6efedd3af770b6dc707bac2d409c8c7a10c04346a9bf8078ec2ba9bfbacd3dc9a63f9ba23501b"
     "dac6ffc15b27ac8ca94c31869710924c115ba59e6d1825fd92de9c60d162f1852c41636f56f21b2d850c0f0fc"},
    {IkeHash::sha2_384,
     "fe23f471121faa705bc1d30eb668fc858303c4879caf7d8db4e0ddc532d44dac7a60a3de17260fe3a9921c0ec47fde63",
     "105a13d6f1e1048697b104fd4adb1554f7da8c192dde024443e30371831a6162457763d3ec99c6a387617c2657e4ea0d",
     "0b8d1249a4fa10468903d3ce914f1dc36f29f7be5012173c1e8bc2ec73b73cd0e99af58c05ef4343c6d7843c6cca8b42",
     "383bfac7df9b044f8c16b19e8023cd39318efbe439f272b02bee338ceb24bc1873189ad9d3fa69cd1850d8f618ec719b",
     "383bfac7df9b044f8c16b19e8023cd39", "383bfac7df9b044f8c16b19e8023cd39318efbe439f272b0",
     "383bfac7df9b044f8c16b19e8023cd39318efbe439f272b02bee338ceb24bc18",
     "14a41b1e695a2b7c79f879dd86ca052d7cbd496b2a8acb6f3fff0f084b1cce13b424abe4",
     "d6f2ed2f0c0633f02701924e5f8639844409264aa0a4e89c3ae86aa37188caad860e90d705112a2bb040b66a2f168a2f4d3b1ff"
     "c3a49cd16a000204969a4af0f24210a69d58143c19e428c7af671e421a443db33c5c4704ae2afc455b96ad60b"},
    {IkeHash::sha2_512,
     "67960cb2b47ced931120a3ce332f473ec544953c50ee7b2479db1182a9f66f449e39ed89fe6fc53f61281bdca57cffa4b8ee8a2"
     "e682b90c7c279439c0dbcf9bc",
     "55d2656a45bf254ba4a2af4bf65114f778a7219968d40f8529ca7187e87f80329f2b41a2bf7690f5d947b494cb06d07aba353b9"
     "5d7e115b6eb7544b7fe12ed96",
     "8c29870374ec5e8dcfa6c868e2f5c668379fe56fa218d38170f4769dfa0be1c7d3ba676e6b436fd9082a4d5dfca372d5f5e2ed6"
     "b43c5c11da22441a067453e35",
     "818d868fb44849e40f94684f578384c366685e56e4c880cd06d2178095e972e63fb03ac9e249e7d024a0abc2ed32d9e83ab1370"
     "c65afed486505a244e4c6169a",
     "818d868fb44849e40f94684f578384c3", "818d868fb44849e40f94684f578384c366685e56e4c880cd",
     "818d868fb44849e40f94684f578384c366685e56e4c880cd06d2178095e972e6",
     "fd953a0b18c02cc80a3bcb28a11f148af0730731ea08435622c4985c6e8abfa1d384b204",
     "1fdca0f0cffef2e8659ed7e9916304a5c1ed726da8cb052b25577b0a644f43384e5fd738741905e7f902e78ed54995385a696c5"
     "35e6d77a9da6d449a7f641ab40fa71b9d8c75b132488344432149f0bb47d18594a57618cb333f1f6eb273453a"},
};

class IkeKeysOf : public testing::TestWithParam<KeysVector> {
 protected:
  [[nodiscard]] IkeKeys keys(std::size_t cipher_key_bytes) const {
    return derive_ike_keys(vector.hash, skeyid.bytes(), g_xy, 0x0123456789abcdef, 0xfedcba9876543210,
                           cipher_key_bytes);
  }
  [[nodiscard]] std::string keymat(View g_qm_xy, std::size_t bytes) const {
    return to_hex(
        derive_keymat(vector.hash, keys(16).skeyid_d.bytes(), g_qm_xy, 3, 0xc1020304, ni, nr, bytes).bytes());
  }

  const KeysVector& vector = GetParam();
  const Bytes ni = counting(1, 16);
  const Bytes nr = counting(0x40, 32);
  const Bytes g_xy = counting(0x80, 128);
  const SecretBytes skeyid = skeyid_psk(vector.hash, from_text("correct horse"), ni, nr);
};
INSTANTIATE_TEST_SUITE_P(Hash, IkeKeysOf, testing::ValuesIn(vectors),
                         [](const auto& instance) { return std::string(to_string(instance.param.hash)); });

TEST_P(IkeKeysOf, FollowFromThePresharedKey) {
  EXPECT_EQ(to_hex(skeyid.bytes()), vector.skeyid);
  const IkeKeys derived = keys(16);
  EXPECT_EQ(to_hex(derived.skeyid_d.bytes()), vector.skeyid_d);
  EXPECT_EQ(to_hex(derived.skeyid_a.bytes()), vector.skeyid_a);
  EXPECT_EQ(to_hex(derived.skeyid_e.bytes()), vector.skeyid_e);
}

TEST_P(IkeKeysOf, GiveCipherKeysOfEveryLengthByAppendixB) {
  EXPECT_EQ(to_hex(keys(16).cipher_key.bytes()), vector.key_of_16);
  EXPECT_EQ(to_hex(keys(24).cipher_key.bytes()), vector.key_of_24);
  EXPECT_EQ(to_hex(keys(32).cipher_key.bytes()), vector.key_of_32);
}

TEST_P(IkeKeysOf, GiveKeymatAsLongAsAsked) {
  EXPECT_EQ(keymat({}, 36), vector.keymat_of_36);
  EXPECT_EQ(keymat(counting(0xc0, 96), 96), vector.keymat_of_96_with_pfs);
  EXPECT_EQ(keymat({}, 0), "");
  EXPECT_EQ(keymat({}, 1), std::string(vector.keymat_of_36).substr(0, 2));
}

TEST(IkeKeys, IvsAreHashesOfTheValuesAndOfTheLastBlock) {
  const Bytes g_xi = counting(0, 128);
  const Bytes g_xr = counting(9, 128);
  const Bytes id = from_hex("a0b0c0d0");
  EXPECT_EQ(to_hex(phase1_iv(IkeHash::sha1, g_xi, g_xr).span()),
            to_hex(hash(IkeHash::sha1, {joined({g_xi, g_xr})}).span()));
  const Bytes block = counting(3, 16);
  EXPECT_EQ(to_hex(phase2_iv(IkeHash::sha2_256, block, 0xa0b0c0d0).span()),
            to_hex(hash(IkeHash::sha2_256, {joined({block, id})}).span()));
}

}  // namespace
}  // namespace espgate::crypto::test
