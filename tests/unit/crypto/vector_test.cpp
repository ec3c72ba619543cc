// SPDX-License-Identifier: Apache-2.0
// Published vectors, by way of the engines where a vector can be a packet, and of the oracle where it cannot.
#include "tests/unit/crypto/esp_oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::crypto::test {
namespace {

class Vectors : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { engine = engine_named(GetParam()); }

  // Both ways through the engine.
  void expect_opens(const EspPacket& packet, const Bytes& sealed) const {
    const auto key = key_for(*engine, packet);
    Bytes buffer = sealed;
    Job job = packet.job(*key, buffer);
    engine->decrypt({&job, 1});
    ASSERT_TRUE(job.ok);
    const std::size_t text_at = 8 + suite(packet.suite).iv_bytes;
    EXPECT_EQ(to_hex(View(buffer).subspan(text_at, packet.text.size())), to_hex(packet.text));
  }
  void expect_seals(const EspPacket& packet, const Bytes& sealed) const {
    const auto key = key_for(*engine, packet);
    Bytes buffer = packet.open();
    Job job = packet.job(*key, buffer);
    engine->encrypt({&job, 1});
    EXPECT_TRUE(job.ok);
    EXPECT_EQ(to_hex(buffer), to_hex(sealed));
  }

  std::unique_ptr<Engine> engine;
};
INSTANTIATE_TEST_SUITE_P(Engine, Vectors, testing::ValuesIn(engine_names()),
                         [](const auto& instance) { return instance.param; });

struct HmacVector {
  const char* source;
  Integrity integrity;
  Bytes key;
  Bytes message;
  const char* tag;
};

const std::vector<HmacVector>& hmac_vectors() {
  static const Bytes hi = from_text("Hi There");
  static const Bytes what = from_text("what do ya want for nothing?");
  static const Bytes jefe = from_text("JefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefe");
  const auto jefes = [](std::size_t bytes) {
    return Bytes(jefe.begin(), jefe.begin() + static_cast<long>(bytes));
  };
  static const std::vector<HmacVector> vectors = {
      {"RFC 2202 §2 case 1", Integrity::hmac_md5_96, repeated(0x0b, 16), hi,
       "9294727a3638bb1c13f48ef8158bfc9d"},
      {"RFC 2202 §2 case 3", Integrity::hmac_md5_96, repeated(0xaa, 16), repeated(0xdd, 50),
       "56be34521d144c88dbb8c733f0e8b3f6"},
      {"RFC 2202 §3 case 1", Integrity::hmac_sha1_96, repeated(0x0b, 20), hi,
       "b617318655057264e28bc0b6fb378c8ef146be00"},
      {"RFC 2202 §3 case 3", Integrity::hmac_sha1_96, repeated(0xaa, 20), repeated(0xdd, 50),
       "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
      {"RFC 4868 §2.7.2.1 AUTH256-1", Integrity::hmac_sha2_256_128, repeated(0x0b, 32), hi,
       "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"},
      {"RFC 4868 §2.7.2.1 AUTH256-1, 96 bits of it", Integrity::hmac_sha2_256_96, repeated(0x0b, 32), hi,
       "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"},
      {"RFC 4868 §2.7.2.1 AUTH256-2", Integrity::hmac_sha2_256_128, jefes(32), what,
       "167f928588c5cc2eef8e3093caa0e87c9ff566a14794aa61648d81621a2a40c6"},
      {"RFC 4868 §2.7.2.1 AUTH256-3", Integrity::hmac_sha2_256_128, repeated(0xaa, 32), repeated(0xdd, 50),
       "cdcb1220d1ecccea91e53aba3092f962e549fe6ce9ed7fdc43191fbde45c30b0"},
      {"RFC 4868 §2.7.2.1 AUTH256-4", Integrity::hmac_sha2_256_128, counting(1, 32), repeated(0xcd, 50),
       "372efcf9b40b35c2115b1346903d2ef42fced46f0846e7257bb156d3d7b30d3f"},
      {"RFC 4868 §2.7.2.2 AUTH384-1", Integrity::hmac_sha2_384_192, repeated(0x0b, 48), hi,
       "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc4c5df61d5b3297b4fb68dab9f1b582c2"},
      {"RFC 4868 §2.7.2.2 AUTH384-2", Integrity::hmac_sha2_384_192, jefes(48), what,
       "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184da86a368e9b8e16f5349524ca4e82400cbde0686d403371c9"},
      {"RFC 4868 §2.7.2.3 AUTH512-1", Integrity::hmac_sha2_512_256, repeated(0x0b, 64), hi,
       "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8"
       "ac2878ebd5803f6f0b61dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b"},
      {"RFC 4868 §2.7.2.3 AUTH512-2", Integrity::hmac_sha2_512_256, jefes(64), what,
       "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454"
       "6aa334ae9fb9afc2184932d8695e397bfa0ffb93466cfcceaae38c833b7dba38"},
  };
  return vectors;
}

SuiteId null_suite_with(Integrity integrity) {
  for (std::size_t id = 0; id < suites().size(); ++id) {
    if (suites()[id].cipher == Cipher::null && suites()[id].integrity == integrity)
      return static_cast<SuiteId>(id);
  }
  throw std::logic_error("no such suite");
}

TEST(OracleVectors, HmacIsThatOfTheRfcs) {
  for (const HmacVector& vector : hmac_vectors()) {
    EXPECT_EQ(to_hex(oracle_hmac(vector.integrity, vector.key, vector.message)), vector.tag) << vector.source;
  }
}

// Without a cipher a packet is a message with its ICV behind it: the first eight bytes stand where SPI and
// sequence number are.
TEST_P(Vectors, HmacIsThatOfTheRfcsCutToTheIcv) {
  for (const HmacVector& vector : hmac_vectors()) {
    SCOPED_TRACE(vector.source);
    EspPacket packet{
        .suite = null_suite_with(vector.integrity), .cipher_key = {}, .integrity_key = vector.key};
    const Bytes tag = from_hex(vector.tag);
    Bytes sealed = joined({vector.message, View(tag).first(suite(packet.suite).icv_bytes)});
    packet.text = Bytes(vector.message.begin() + 8, vector.message.end());
    expect_opens(packet, sealed);

    Bytes buffer = joined({vector.message, repeated(0xee, suite(packet.suite).icv_bytes)});
    const auto key = key_for(*engine, packet);
    Job job = packet.job(*key, buffer);
    engine->encrypt({&job, 1});
    EXPECT_TRUE(job.ok);
    EXPECT_EQ(to_hex(buffer), to_hex(sealed));
  }
}

struct CbcVector {
  const char* source;
  const char* suite;
  const char* key;
  const char* iv;
  std::string text;
  std::string ciphertext;
};

// NIST SP 800-38A appendix F.2, all of one plaintext.
const std::string sp800_38a_text =
    "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";

const std::vector<CbcVector> cbc_vectors = {
    {"NIST SP 800-38A F.2.1", "aes128-sha1", "2b7e151628aed2a6abf7158809cf4f3c",
     "000102030405060708090a0b0c0d0e0f", sp800_38a_text,
     "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2"
     "73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7"},
    {"NIST SP 800-38A F.2.3", "aes192-sha384", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
     "000102030405060708090a0b0c0d0e0f", sp800_38a_text,
     "4f021db243bc633d7178183a9fa071e8 b4d9ada9ad7dedf4e5e738763f69145a"
     "571b242012fb7ae07fa9baac3df102e0 08b0e27988598881d920a9e64f5615cd"},
    {"NIST SP 800-38A F.2.5", "aes256-sha256",
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "000102030405060708090a0b0c0d0e0f",
     sp800_38a_text,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d"
     "39f23369a9d9bacfa530e26304231461 b2eb05e2c39be9fcda6c19078c6a9d1b"},
    {"RFC 3602 §4 case 1", "aes128-sha256_96", "06a9214036b8a15b512e03d534120006",
     "3dafba429d9eb430b422da802c9fac41", to_hex(from_text("Single block msg")),
     "e353779c1079aeb82708942dbe77181a"},
    {"RFC 3602 §4 case 2", "aes128-md5", "c286696d887c9aa0611bbb3e2025a45a",
     "562e17996d093d28ddb3ba695a2e6f58", to_hex(counting(0, 32)),
     "d296cd94c2cccf8a3a863028b5e1dc0a 7586602d253cfff91b8266bea6d61ab1"},
    {"NIST SP 800-67 appendix B.1, first block", "3des-sha1",
     "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000", to_hex(from_text("The qufc")),
     "a826fd8ce53b855f"},
    {"NIST SP 800-67 appendix B.1, second block", "3des-md5",
     "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000", to_hex(from_text("k brown ")),
     "cce21c8112256fe6"},
    {"NIST SP 800-67 appendix B.1, third block", "3des-sha512",
     "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000", to_hex(from_text("fox jump")),
     "68d5c05dd9b6b900"},
};

EspPacket packet_of(const CbcVector& vector) {
  const SuiteId id = find_suite(vector.suite).value();
  return {.suite = id,
          .cipher_key = from_hex(vector.key),
          .integrity_key = counting(0x40, suite(id).integrity_key_bytes),
          .iv_field = {},
          .text = from_hex(vector.text)};
}

TEST(OracleVectors, CbcIsThatOfNistAndTheRfcs) {
  for (const CbcVector& vector : cbc_vectors) {
    const Bytes ciphertext = oracle_cbc(suite(find_suite(vector.suite).value()).cipher, Direction::encrypt,
                                        from_hex(vector.key), from_hex(vector.iv), from_hex(vector.text));
    EXPECT_EQ(to_hex(ciphertext), to_hex(from_hex(vector.ciphertext))) << vector.source;
  }
}

TEST_P(Vectors, CbcOpensTheCiphertextsOfNistAndTheRfcs) {
  for (const CbcVector& vector : cbc_vectors) {
    SCOPED_TRACE(vector.source);
    const EspPacket packet = packet_of(vector);
    Bytes sealed = packet.sealed_with_iv(from_hex(vector.iv));
    const Bytes ciphertext = from_hex(vector.ciphertext);
    ASSERT_EQ(to_hex(View(sealed).subspan(8 + suite(packet.suite).iv_bytes, ciphertext.size())),
              to_hex(ciphertext));
    expect_opens(packet, sealed);
  }
}

// The engine sends E(block) as the IV. So that this is the vector's IV, the block has to be D(IV).
TEST_P(Vectors, CbcMakesTheCiphertextsOfNistAndTheRfcs) {
  for (const CbcVector& vector : cbc_vectors) {
    SCOPED_TRACE(vector.source);
    EspPacket packet = packet_of(vector);
    const Suite& its_suite = suite(packet.suite);
    packet.iv_field = oracle_cbc(its_suite.cipher, Direction::decrypt, packet.cipher_key,
                                 repeated(0, its_suite.iv_bytes), from_hex(vector.iv));
    expect_seals(packet, packet.sealed_with_iv(from_hex(vector.iv)));
  }
}

// GCM specification (McGrew, Viega), test case 10: its 20 bytes of associated data fit no packet.
TEST(OracleVectors, Gcm192IsThatOfTheSpecification) {
  const Bytes sealed =
      oracle_aead(Cipher::aes_gcm, from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c"),
                  from_hex("cafebabefacedbaddecaf888"), from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                  from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                           "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
  EXPECT_EQ(to_hex(sealed),
            "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
            "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710"
            "2519498e80f1478f37ba55bd6d27618c");
}

struct AeadVector {
  const char* source;
  const char* suite;
  const char* key_and_salt;
  std::uint32_t spi, sequence_high, sequence;
  bool esn;
  const char* iv;
  const char* text;
  const char* ciphertext_and_icv;
};

const std::vector<AeadVector> aead_vectors = {
    {"draft-mcgrew-gcm-test-01 §4, 128 bits, extended sequence number", "aes128gcm16",
     "4c80cdefbb5d10da906ac73c3613a634 2e443b68", 0x00004321, 0x87654321, 0, true, "4956ed7e3b244cfe",
     "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000 00000000045f736970045f756470037369"
     "70096379626572636974790264 6b0000210001 01020201",
     "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d"
     "15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732 459018148f6cbe722fd04796562dfdb4"},
    {"draft-mcgrew-gcm-test-01 §4, 256 bits", "aes256gcm16",
     "abbccddef00112233445566778899aababbccddef00112233445566778899aab 11223344", 0x4a2cbfe3, 0, 2, false,
     "0102030405060708",
     "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b4010104020102020"
     "1",
     "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8"
     "e"
     "b335f4eecfdbf831824b4c4915956c96"},
    {"RFC 7634 appendix A", "chacha20poly1305",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3", 0x01020304, 0, 5, false,
     "1011121314151617",
     "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f10111213"
     "1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204",
     "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f7"
     "2aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0"
     "76aaa8266b7fb0f7b11b369907e1ad43"},
};

TEST_P(Vectors, AeadPacketsAreThoseOfTheDrafts) {
  for (const AeadVector& vector : aead_vectors) {
    SCOPED_TRACE(vector.source);
    const EspPacket packet{.suite = find_suite(vector.suite).value(),
                           .cipher_key = from_hex(vector.key_and_salt),
                           .integrity_key = {},
                           .spi = vector.spi,
                           .sequence = vector.sequence,
                           .sequence_high = vector.sequence_high,
                           .esn = vector.esn,
                           .iv_field = from_hex(vector.iv),
                           .text = from_hex(vector.text)};
    const Bytes open = packet.open();
    const Bytes sealed = joined({View(open).first(16), from_hex(vector.ciphertext_and_icv)});
    EXPECT_EQ(to_hex(packet.sealed()), to_hex(sealed)) << "the oracle is wrong";
    expect_seals(packet, sealed);
    expect_opens(packet, sealed);
  }
}

}  // namespace
}  // namespace espgate::crypto::test
