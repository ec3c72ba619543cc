// SPDX-License-Identifier: Apache-2.0
#include "crypto/ike_hash.h"

#include "crypto/ike_cipher.h"
#include "tests/unit/crypto/esp_oracle.h"

#include <gtest/gtest.h>

namespace espgate::crypto::test {
namespace {

constexpr std::array all_hashes = {IkeHash::md5, IkeHash::sha1, IkeHash::sha2_256, IkeHash::sha2_384,
                                   IkeHash::sha2_512};

TEST(IkeHash, HashesAbcAsTheStandardsDo) {
  const Bytes abc = from_text("abc");
  const std::vector<std::pair<IkeHash, std::string>> vectors = {
      {IkeHash::md5, "900150983cd24fb0d6963f7d28e17f72"},           // RFC 1321 §A.5
      {IkeHash::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},  // FIPS 180
      {IkeHash::sha2_256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {IkeHash::sha2_384,
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358bae"
       "ca134c825a7"},
      {IkeHash::sha2_512,
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3"
       "c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"}};
  for (const auto& [algorithm, digest] : vectors) {
    EXPECT_EQ(to_hex(hash(algorithm, {abc}).span()), digest);
    EXPECT_EQ(to_hex(hash(algorithm, {View(abc).first(1), {}, View(abc).subspan(1)}).span()), digest)
        << "in parts";
  }
}

struct PrfVector {
  const char* source;
  IkeHash algorithm;
  Bytes key;
  const char* message;
  const char* value;
};

TEST(IkeHash, PrfIsHmacOfTheRfcsVectors) {
  const char* const hi = "Hi There";
  const char* const larger = "Test Using Larger Than Block-Size Key - Hash Key First";
  const std::vector<PrfVector> vectors = {
      {"RFC 2202 §2 case 1", IkeHash::md5, repeated(0x0b, 16), hi, "9294727a3638bb1c13f48ef8158bfc9d"},
      {"RFC 2202 §2 case 2", IkeHash::md5, from_text("Jefe"), "what do ya want for nothing?",
       "750c783e6ab0b503eaa86e310a5db738"},
      {"RFC 2202 §2 case 6", IkeHash::md5, repeated(0xaa, 80), larger, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
      {"RFC 2202 §3 case 1", IkeHash::sha1, repeated(0x0b, 20), hi,
       "b617318655057264e28bc0b6fb378c8ef146be00"},
      {"RFC 2202 §3 case 6", IkeHash::sha1, repeated(0xaa, 80), larger,
       "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
      {"RFC 4231 §4.2", IkeHash::sha2_256, repeated(0x0b, 20), hi,
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"RFC 4231 §4.7", IkeHash::sha2_256, repeated(0xaa, 131), larger,
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {"RFC 4231 §4.2", IkeHash::sha2_384, repeated(0x0b, 20), hi,
       "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
      {"RFC 4231 §4.7", IkeHash::sha2_384, repeated(0xaa, 131), larger,
       "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
      {"RFC 4231 §4.2", IkeHash::sha2_512, repeated(0x0b, 20), hi,
       "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d9"
       "14ee"
       "b61f1702e696c203a126854"},
      {"RFC 4231 §4.7", IkeHash::sha2_512, repeated(0xaa, 131), larger,
       "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64"
       "f73f"
       "63f0aec8b915a985d786598"}};
  for (const PrfVector& vector : vectors) {
    SCOPED_TRACE(vector.source);
    const Bytes message = from_text(vector.message);
    EXPECT_EQ(to_hex(prf(vector.algorithm, vector.key, {message}).bytes()), vector.value);
    EXPECT_EQ(
        to_hex(prf_value(vector.algorithm, vector.key, {View(message).first(3), View(message).subspan(3)})
                   .span()),
        vector.value);
  }
}

TEST(IkeHash, PrfTakesKeysOfEveryLength) {
  const Bytes message = counting(0, 70);
  for (const auto& [algorithm, integrity] :
       {std::pair{IkeHash::md5, Integrity::hmac_md5_96}, std::pair{IkeHash::sha1, Integrity::hmac_sha1_96},
        std::pair{IkeHash::sha2_256, Integrity::hmac_sha2_256_128},
        std::pair{IkeHash::sha2_384, Integrity::hmac_sha2_384_192},
        std::pair{IkeHash::sha2_512, Integrity::hmac_sha2_512_256}}) {
    for (std::size_t length = 1; length <= 260; length += length < 60 ? 20 : 1) {
      const Bytes key = counting(7, length);
      EXPECT_EQ(to_hex(prf(algorithm, key, {message}).bytes()), to_hex(oracle_hmac(integrity, key, message)))
          << to_string(algorithm) << " " << length;
    }
  }
}

TEST(IkeHash, PrfTakesAnEmptyKey) {
  // RFC 2104: an empty key is one block of zeros.
  const Bytes message = from_text("x");
  EXPECT_EQ(to_hex(prf(IkeHash::sha1, {}, {message}).bytes()),
            to_hex(prf(IkeHash::sha1, repeated(0, 64), {message}).bytes()));
}

TEST(IkeHash, EveryValueHasItsHashsLength) {
  for (const IkeHash algorithm : all_hashes) {
    EXPECT_EQ(hash(algorithm, {}).span().size(), hash_bytes(algorithm));
    EXPECT_EQ(prf(algorithm, {}, {}).size(), hash_bytes(algorithm));
  }
}

struct CbcVector {
  const char* source;
  IkeCipher cipher;
  const char* key;
  const char* iv;
  const char* plain;
  const char* sealed;
};

constexpr const char* nist_plain =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445"
    "df4f"
    "9b17ad2b417be66c3710";
constexpr const char* nist_iv = "000102030405060708090a0b0c0d0e0f";

const std::vector<CbcVector> cbc_vectors = {
    {"SP 800-38A F.2.1", IkeCipher::aes_cbc, "2b7e151628aed2a6abf7158809cf4f3c", nist_iv, nist_plain,
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e22229516"
     "3ff1caa1681fac09120eca307586e1a7"},
    {"SP 800-38A F.2.3", IkeCipher::aes_cbc, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", nist_iv,
     nist_plain,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e0"
     "08b0e27988598881d920a9e64f5615cd"},
    {"SP 800-38A F.2.5", IkeCipher::aes_cbc,
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", nist_iv, nist_plain,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461"
     "b2eb05e2c39be9fcda6c19078c6a9d1b"},
    // The vector that OpenSSL and its forebears carry; "7654321 Now is the time for " and zeros.
    {"EDE3-CBC", IkeCipher::des3_cbc, "0123456789abcdeff1e0d3c2b5a49786fedcba9876543210", "fedcba9876543210",
     "37363534333231204e6f77206973207468652074696d6520666f722000000000",
     "3fe301c962ac01d02213763c1cbd4cdc799657c064ecf5d41c673812cfde9675"}};

TEST(IkeCipher, EncryptsAndDecryptsThePublishedVectors) {
  for (const CbcVector& vector : cbc_vectors) {
    SCOPED_TRACE(vector.source);
    const Bytes key = from_hex(vector.key);
    Bytes iv = from_hex(vector.iv);
    Bytes data = from_hex(vector.plain);
    ike_encrypt(vector.cipher, key, iv, data);
    EXPECT_EQ(to_hex(data), vector.sealed);
    const std::string last = to_hex(View(data).last(block_bytes(vector.cipher)));
    EXPECT_EQ(to_hex(iv), last) << "the next IV";
    iv = from_hex(vector.iv);
    ASSERT_TRUE(ike_decrypt(vector.cipher, key, iv, data));
    EXPECT_EQ(to_hex(data), vector.plain);
    EXPECT_EQ(to_hex(iv), last) << "the next IV";
  }
}

TEST(IkeCipher, ChainsMessagesByTheirLastBlocks) {
  const Bytes key = counting(1, 32);
  Bytes whole = counting(0, 96);
  Bytes iv = counting(9, 16);
  Bytes first(whole.begin(), whole.begin() + 48);
  Bytes second(whole.begin() + 48, whole.end());
  Bytes chained = iv;
  ike_encrypt(IkeCipher::aes_cbc, key, iv, whole);
  ike_encrypt(IkeCipher::aes_cbc, key, chained, first);
  ike_encrypt(IkeCipher::aes_cbc, key, chained, second);
  EXPECT_EQ(to_hex(joined({first, second})), to_hex(whole));
  EXPECT_EQ(to_hex(chained), to_hex(iv));
}

TEST(IkeCipher, RefusesWhatIsNotWholeBlocksAndLeavesItAlone) {
  const Bytes key = counting(1, 24);
  for (const IkeCipher cipher : {IkeCipher::aes_cbc, IkeCipher::des3_cbc}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, block_bytes(cipher) - 1,
                                   block_bytes(cipher) + 1, 3 * block_bytes(cipher) / 2}) {
      Bytes iv = counting(3, block_bytes(cipher));
      Bytes data = counting(0, size);
      EXPECT_FALSE(ike_decrypt(cipher, key, iv, data)) << to_string(cipher) << " " << size;
      EXPECT_EQ(to_hex(data), to_hex(counting(0, size)));
      EXPECT_EQ(to_hex(iv), to_hex(counting(3, block_bytes(cipher))));
    }
  }
}

TEST(IkeCipher, KnowsItsKeyLengths) {
  std::string aes;
  std::string des3;
  for (std::size_t bytes = 0; bytes <= 64; ++bytes) {
    if (is_key_length(IkeCipher::aes_cbc, bytes)) aes += std::to_string(bytes) + " ";
    if (is_key_length(IkeCipher::des3_cbc, bytes)) des3 += std::to_string(bytes) + " ";
  }
  EXPECT_EQ(aes, "16 24 32 ");
  EXPECT_EQ(des3, "24 ");
}

}  // namespace
}  // namespace espgate::crypto::test
