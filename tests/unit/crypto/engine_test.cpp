// SPDX-License-Identifier: Apache-2.0
#include "crypto/engine.h"

#include "tests/unit/crypto/esp_oracle.h"
#include "wire/big_endian.h"

#include <array>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::crypto::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

SuiteId id_of(std::string_view name) { return find_suite(name).value(); }

EspPacket packet_of(std::string_view name, std::size_t text_bytes) {
  const Suite& its_suite = suite(id_of(name));
  return {.suite = id_of(name),
          .cipher_key = counting(0x10, std::size_t{its_suite.cipher_key_bytes} + its_suite.salt_bytes),
          .integrity_key = counting(0x80, its_suite.integrity_key_bytes),
          .iv_field = counting(0, its_suite.iv_bytes),
          .text = repeated(0x55, text_bytes)};
}

TEST(EngineChoice, NamesAreThoseOfTheConfiguration) {
  EXPECT_EQ(parse_engine_choice("auto"), EngineChoice::automatic);
  EXPECT_EQ(parse_engine_choice("ipsec_mb"), EngineChoice::ipsec_mb);
  EXPECT_EQ(parse_engine_choice("openssl"), EngineChoice::openssl);
  for (const char* wrong : {"", "OpenSSL", "qat"}) {
    ASSERT_FALSE(parse_engine_choice(wrong).has_value()) << wrong;
    EXPECT_THAT(parse_engine_choice(wrong).error(), HasSubstr("write auto, ipsec_mb or openssl"));
  }
}

#ifdef ESPGATE_HAVE_IPSEC_MB
TEST(EngineChoice, AutomaticIsTheFastOneWhereTheCpuRunsIt) {
  if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("pclmul"))
    GTEST_SKIP() << "a CPU without AES";
  const auto engine = make_engine(EngineChoice::automatic);
  ASSERT_TRUE(engine.has_value()) << engine.error();
  EXPECT_EQ((*engine)->name(), "ipsec_mb");
  EXPECT_THAT((*engine)->description(), StartsWith("libipsec-mb 1."));
  EXPECT_THAT((*engine)->description(), testing::AnyOf(HasSubstr("SSE"), HasSubstr("AVX")));
  EXPECT_EQ((*engine)->does(id_of("aes256-sha256")), "ipsec_mb");
  EXPECT_EQ((*engine)->does(id_of("chacha20poly1305")), "ipsec_mb");
  EXPECT_EQ((*engine)->does(id_of("null-sha1")), "ipsec_mb");
  EXPECT_EQ((*engine)->does(id_of("aes128-md5")), "openssl");
  EXPECT_EQ((*engine)->does(id_of("3des-sha1")), "openssl");
}
#else
TEST(EngineChoice, WithoutLibipsecMbAutomaticIsOpensslAndAskingForTheOtherSaysWhy) {
  EXPECT_EQ(make_engine(EngineChoice::automatic).value()->name(), "openssl");
  ASSERT_FALSE(make_engine(EngineChoice::ipsec_mb).has_value());
  EXPECT_THAT(make_engine(EngineChoice::ipsec_mb).error(), HasSubstr("built without libipsec-mb"));
}
#endif

TEST(EngineChoice, OpensslSaysItsVersion) {
  const auto engine = engine_named("openssl");
  EXPECT_EQ(engine->name(), "openssl");
  EXPECT_THAT(engine->description(), StartsWith("OpenSSL 3."));
  for (std::size_t id = 0; id < suites().size(); ++id)
    EXPECT_EQ(engine->does(static_cast<SuiteId>(id)), "openssl");
}

class Engines : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { engine = engine_named(GetParam()); }

  [[nodiscard]] std::string refusal(SuiteId id, std::size_t cipher_key_bytes,
                                    std::size_t integrity_key_bytes) const {
    const auto key = engine->make_key(id, counting(0, cipher_key_bytes), counting(0, integrity_key_bytes));
    return key ? "" : key.error();
  }

  std::unique_ptr<Engine> engine;
};
INSTANTIATE_TEST_SUITE_P(Engine, Engines, testing::ValuesIn(engine_names()),
                         [](const auto& instance) { return instance.param; });

TEST_P(Engines, KeysOfAWrongLengthAreRefusedByName) {
  EXPECT_EQ(refusal(id_of("aes256-sha1"), 16, 20), "aes256-sha1 takes a cipher key of 32 bytes, got 16");
  EXPECT_EQ(refusal(id_of("aes256-sha1"), 32, 32), "aes256-sha1 takes an integrity key of 20 bytes, got 32");
  EXPECT_EQ(refusal(id_of("aes128gcm16"), 16, 0),
            "aes128gcm16 takes a cipher key of 20 bytes (the last 4 are the salt), got 16");
  EXPECT_EQ(refusal(id_of("aes128gcm16"), 20, 20), "aes128gcm16 takes an integrity key of 0 bytes, got 20");
  EXPECT_EQ(refusal(id_of("3des-md5"), 16, 16), "3des-md5 takes a cipher key of 24 bytes, got 16");
  EXPECT_EQ(refusal(id_of("null-sha256"), 16, 32), "null-sha256 takes a cipher key of 0 bytes, got 16");
  EXPECT_EQ(refusal(static_cast<SuiteId>(suites().size()), 16, 20),
            "there is no suite of index " + std::to_string(suites().size()));
}

TEST_P(Engines, EverySuiteMakesKeysWithHotMemory) {
  for (const Suite& its_suite : suites()) {
    const auto key = key_for(*engine, packet_of(its_suite.name, 0));
    EXPECT_FALSE(key->hot_memory().empty()) << its_suite.name;
    for (Direction direction : {Direction::decrypt, Direction::encrypt}) {
      const auto part = key->hot_memory_of(direction);
      EXPECT_FALSE(part.empty()) << its_suite.name;
      EXPECT_GE(part.data(), key->hot_memory().data());
      EXPECT_LE(part.data() + part.size(), key->hot_memory().data() + key->hot_memory().size());
    }
  }
}

TEST_P(Engines, AnEmptyBatchIsNoWork) {
  engine->encrypt({});
  engine->decrypt({});
}

// RFC 4303 §2.4 leaves no such packet, but the network may bring one with a right ICV from a peer that is
// broken.
TEST_P(Engines, CbcTextThatIsNotWholeBlocksIsRefused) {
  for (const char* name : {"aes128-sha1", "aes256-sha256", "aes192-sha512", "aes128-md5", "3des-sha1"}) {
    for (std::size_t bytes : {1U, 4U, 15U, 20U, 33U}) {
      EspPacket packet = packet_of(name, bytes);
      const Suite& its_suite = suite(packet.suite);
      const Bytes body = joined({counting(1, 8U + its_suite.iv_bytes), packet.text});
      const Bytes tag = oracle_hmac(its_suite.integrity, packet.integrity_key, body);
      Bytes buffer = joined({body, View(tag).first(its_suite.icv_bytes)});
      const auto key = key_for(*engine, packet);
      Job job = packet.job(*key, buffer);
      job.ok = true;
      engine->decrypt({&job, 1});
      EXPECT_FALSE(job.ok) << name << ' ' << bytes;

      // Nor may a caller's mistake send anything.
      const Bytes open = packet.open();
      buffer = open;
      job = packet.job(*key, buffer);
      job.ok = true;
      engine->encrypt({&job, 1});
      EXPECT_FALSE(job.ok) << name << ' ' << bytes;
      EXPECT_EQ(buffer, open) << name << ' ' << bytes;
    }
  }
}

TEST_P(Engines, TheUpperSequenceHalfCountsOnlyWithExtendedNumbers) {
  for (const Suite& its_suite : suites()) {
    EspPacket packet = packet_of(its_suite.name, 48);
    packet.sequence_high = 7;
    const auto key = key_for(*engine, packet);
    for (bool sealed_so : {false, true}) {
      for (bool opened_so : {false, true}) {
        packet.esn = sealed_so;
        Bytes buffer = packet.sealed();
        Job job = packet.job(*key, buffer);
        job.esn = opened_so;
        engine->decrypt({&job, 1});
        EXPECT_EQ(job.ok, sealed_so == opened_so) << its_suite.name;
      }
    }
    packet.esn = false;
    Bytes buffer = packet.sealed();
    Job job = packet.job(*key, buffer);
    job.sequence_high = 8;
    engine->decrypt({&job, 1});
    EXPECT_TRUE(job.ok) << its_suite.name;
  }
}

// The upper half is written where the ICV is while it is hashed.
TEST_P(Engines, AGoodPacketKeepsItsHeaderIvAndIcv) {
  for (const Suite& its_suite : suites()) {
    EspPacket packet = packet_of(its_suite.name, 48);
    packet.esn = true;
    packet.sequence_high = 0xdeadbeef;
    const Bytes sealed = packet.sealed();
    Bytes buffer = sealed;
    const auto key = key_for(*engine, packet);
    Job job = packet.job(*key, buffer);
    engine->decrypt({&job, 1});
    ASSERT_TRUE(job.ok) << its_suite.name;
    const std::size_t head = 8U + its_suite.iv_bytes;
    EXPECT_EQ(to_hex(View(buffer).first(head)), to_hex(View(sealed).first(head))) << its_suite.name;
    EXPECT_EQ(to_hex(View(buffer).last(its_suite.icv_bytes)), to_hex(View(sealed).last(its_suite.icv_bytes)))
        << its_suite.name;
  }
}

// NIST SP 800-38A appendix C. The field holds the sequence number, whose upper bytes are always the same;
// what is sent must show nothing of it.
TEST_P(Engines, CbcIvsNeverRepeatAndHaveNoFixedBit) {
  constexpr std::size_t packets = 10000;
  for (const char* name : {"3des-sha1", "aes128-sha1", "aes192-sha256", "aes256-sha256"}) {
    EspPacket packet = packet_of(name, 16);
    const Suite& its_suite = suite(packet.suite);
    const auto key = key_for(*engine, packet);
    std::set<std::string> ivs;
    std::set<std::string> first_blocks;
    std::array<std::array<int, 8>, 16> ones{};
    for (std::size_t sequence = 1; sequence <= packets; ++sequence) {
      packet.iv_field = repeated(0, its_suite.iv_bytes);
      wire::store_big_endian(packet.iv_field.data() + its_suite.iv_bytes - 8, std::uint64_t{sequence});
      Bytes buffer = packet.open();
      Job job = packet.job(*key, buffer);
      engine->encrypt({&job, 1});
      const View iv = View(buffer).subspan(8, its_suite.iv_bytes);
      ivs.insert(to_hex(iv));
      first_blocks.insert(to_hex(View(buffer).subspan(8U + its_suite.iv_bytes, its_suite.iv_bytes)));
      for (std::size_t i = 0; i < iv.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit)
          ones[i][bit] += std::to_integer<int>(iv[i] >> bit & std::byte{1});
      }
    }
    EXPECT_EQ(ivs.size(), packets) << name;
    EXPECT_EQ(first_blocks.size(), packets) << name;
    for (std::size_t i = 0; i < its_suite.iv_bytes; ++i) {
      for (int count : ones[i]) EXPECT_NEAR(count, packets / 2.0, 300) << name;  // six standard deviations
    }
  }
}

TEST_P(Engines, AKeyOutlivesItsEngineAndServesAnother) {
  for (const Suite& its_suite : suites()) {
    const EspPacket packet = packet_of(its_suite.name, 64);
    const auto key = key_for(*engine_named(GetParam()), packet);
    Bytes buffer = packet.sealed();
    Job job = packet.job(*key, buffer);
    engine->decrypt({&job, 1});
    EXPECT_TRUE(job.ok) << its_suite.name;
  }
}

TEST_P(Engines, EachThreadHasItsOwn) {
  std::array<bool, 4> fine{};
  std::vector<std::thread> threads;
  for (bool& result : fine) {
    threads.emplace_back([&result, name = GetParam()] {
      const auto own = engine_named(name);
      result = true;
      for (int round = 0; round < 5; ++round) {
        for (const Suite& its_suite : suites()) {
          const EspPacket packet = packet_of(its_suite.name, 64);
          const auto key = key_for(*own, packet);
          Bytes buffer = packet.sealed();
          Job job = packet.job(*key, buffer);
          own->decrypt({&job, 1});
          result = result && job.ok;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (bool result : fine) EXPECT_TRUE(result);
}

}  // namespace
}  // namespace espgate::crypto::test
