// SPDX-License-Identifier: Apache-2.0
// decrypt and encrypt allocate nothing, neither themselves nor in OpenSSL.
#include "tests/unit/crypto/esp_oracle.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>
#include <openssl/crypto.h>

namespace {

std::atomic<long> allocations{0};

void* count_malloc(std::size_t bytes, const char*, int) { return ++allocations, std::malloc(bytes); }
void* count_realloc(void* memory, std::size_t bytes, const char*, int) {
  return ++allocations, std::realloc(memory, bytes);
}
void plain_free(void* memory, const char*, int) { std::free(memory); }

// Before OpenSSL's first allocation, after which it takes no other functions.
const bool counting_openssl = CRYPTO_set_mem_functions(count_malloc, count_realloc, plain_free) == 1;

}  // namespace

// Not inlined: g++ would find the pairs of new and free in them.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace espgate::crypto::test {
namespace {

class Allocation : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Engine, Allocation, testing::ValuesIn(engine_names()),
                         [](const auto& instance) { return instance.param; });

TEST_P(Allocation, TheCountersCount) {
  ASSERT_TRUE(counting_openssl);
  const long before = allocations;
  OPENSSL_free(OPENSSL_malloc(1));
  delete new int;
  EXPECT_GE(allocations, before + 1);  // a compiler may do without the new
}

TEST_P(Allocation, APacketAllocatesNothing) {
  const auto engine = engine_named(GetParam());
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const Suite& its_suite = suites()[id];
    EspPacket packet{
        .suite = static_cast<SuiteId>(id),
        .cipher_key = counting(1, std::size_t{its_suite.cipher_key_bytes} + its_suite.salt_bytes),
        .integrity_key = counting(1, its_suite.integrity_key_bytes),
        .esn = true,
        .iv_field = counting(0, its_suite.iv_bytes),
        .text = repeated(7, 256)};
    const auto key = key_for(*engine, packet);
    std::vector<Bytes> buffers(20, packet.open());
    std::vector<Job> jobs;
    for (Bytes& buffer : buffers) jobs.push_back(packet.job(*key, buffer));

    const long before = allocations;
    engine->encrypt(jobs);
    engine->decrypt(jobs);
    jobs[3].esp[20] ^= std::byte{1};
    engine->decrypt(jobs);
    EXPECT_EQ(allocations, before) << its_suite.name;
  }
}

}  // namespace
}  // namespace espgate::crypto::test
