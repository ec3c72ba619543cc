// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret.h"

#include "crypto/secret_arena.h"
#include "tests/unit/crypto/esp_oracle.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace espgate::crypto {
namespace {

using test::repeated;

std::span<std::byte> span_of(void* memory, std::size_t bytes) {
  return {static_cast<std::byte*>(memory), bytes};
}

// By memcmp, which is fast in an unoptimised build too.
bool all_are(std::span<const std::byte> bytes, std::byte value) {
  return bytes.empty() ||
         (bytes.front() == value && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

bool all_zero(std::span<const std::byte> bytes) { return all_are(bytes, std::byte{0}); }

// The line `field:` of the mapping in /proc/self/smaps that `address` is in.
std::string mapping_field(const void* address, const std::string& field) {
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    const auto dash = std::from_chars(line.data(), line.data() + line.size(), begin, 16);
    if (dash.ec == std::errc{} && *dash.ptr == '-') {
      std::from_chars(dash.ptr + 1, line.data() + line.size(), end, 16);
      const auto wanted = reinterpret_cast<std::uintptr_t>(address);
      inside = begin <= wanted && wanted < end;
    }
    if (inside && line.starts_with(field + ":")) return line;
  }
  return {};
}

TEST(Wipe, LeavesZerosOnlyInside) {
  auto bytes = repeated(0xff, 100);
  wipe(std::span(bytes).subspan(1, 98));
  EXPECT_EQ(bytes.front(), std::byte{0xff});
  EXPECT_EQ(bytes.back(), std::byte{0xff});
  EXPECT_TRUE(all_zero(std::span(bytes).subspan(1, 98)));
  wipe({});
}

TEST(EqualInConstantTime, SeesEveryBitAndTheLength) {
  for (std::size_t bytes = 0; bytes < 40; ++bytes) {
    const auto a = repeated(0x5a, bytes);
    EXPECT_TRUE(equal_in_constant_time(a, a));
    EXPECT_FALSE(equal_in_constant_time(a, repeated(0x5a, bytes + 1)));
    for (std::size_t bit = 0; bit < 8 * bytes; ++bit) {
      auto b = a;
      b[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      EXPECT_FALSE(equal_in_constant_time(a, b));
    }
  }
}

TEST(SecretMemory, IsAlignedZeroWritableAndApart) {
  std::vector<std::span<std::byte>> slots;
  for (std::size_t bytes : {0U, 1U, 63U, 64U, 65U, 704U, 1088U, 8192U, 8193U, 200744U, 5000000U}) {
    for (int i = 0; i < 3; ++i) {
      void* memory = allocate_secret(bytes);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0U);
      slots.push_back(span_of(memory, bytes));
      EXPECT_TRUE(all_zero(slots.back())) << bytes;
    }
  }
  for (std::size_t i = 0; i < slots.size(); ++i)
    std::memset(slots[i].data(), static_cast<int>(i + 1), slots[i].size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    EXPECT_TRUE(all_are(slots[i], static_cast<std::byte>(i + 1)));
  }
  for (auto slot : slots) release_secret(slot.data(), slot.size());
}

// The slot released last is handed out first, so this looks at the very bytes; the arena zeroes nothing on
// the way out but the link of the free list, which lies in the first eight.
TEST(SecretMemory, IsWipedWhenReleased) {
  for (std::size_t bytes : {16U, 64U, 704U, 1088U, 4000U}) {
    void* memory = allocate_secret(bytes);
    std::memset(memory, 0xa5, bytes);
    release_secret(memory, bytes);
    void* again = allocate_secret(bytes);
    ASSERT_EQ(again, memory);
    EXPECT_TRUE(all_zero(span_of(again, bytes))) << bytes;
    release_secret(again, bytes);
  }
}

TEST(SecretMemory, IsKeptOutOfCoreDumps) {
  for (std::size_t bytes : {64U, 100000U}) {
    void* memory = allocate_secret(bytes);
    EXPECT_THAT(mapping_field(memory, "VmFlags"), testing::HasSubstr(" dd")) << bytes;
    release_secret(memory, bytes);
  }
}

TEST(SecretMemory, IsLockedWhereTheLimitAllows) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
#endif
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_MEMLOCK, &limit), 0);
  if (limit.rlim_cur < 2 * SecretArena::chunk_bytes) GTEST_SKIP() << "RLIMIT_MEMLOCK is too small to see";
  SecretArena arena;
  void* memory = arena.allocate(64);
  EXPECT_THAT(mapping_field(memory, "VmFlags"), testing::HasSubstr(" lo"));
  arena.release(memory, 64);
}

TEST(SecretMemory, NeedsNoRightToLock) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_MEMLOCK, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_MEMLOCK, &none), 0);
  SecretArena arena;
  void* small = arena.allocate(1024);
  void* large = arena.allocate(100000);
  std::memset(small, 1, 1024);
  std::memset(large, 1, 100000);
  arena.release(small, 1024);
  arena.release(large, 100000);
  EXPECT_EQ(::setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

TEST(SecretMemory, AHundredThousandKeysComeAndGo) {
  constexpr std::size_t keys = 100000;
  constexpr std::size_t bytes = 1088;
  SecretArena arena;
  std::vector<void*> slots;
  for (std::size_t i = 0; i < keys; ++i) slots.push_back(arena.allocate(bytes));
  const std::set<void*> before(slots.begin(), slots.end());
  ASSERT_EQ(before.size(), keys);
  std::mt19937 random(1);
  std::shuffle(slots.begin(), slots.end(), random);
  for (void* slot : slots) {
    std::memset(slot, 0x77, 8);
    arena.release(slot, bytes);
  }
  // What was released serves again: no address is new.
  for (void*& slot : slots) {
    slot = arena.allocate(bytes);
    ASSERT_TRUE(before.contains(slot));
    ASSERT_TRUE(all_zero(span_of(slot, bytes)));
  }
  for (void* slot : slots) arena.release(slot, bytes);
}

TEST(SecretMemory, ThreadsShareIt) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([thread] {
      std::mt19937 random(static_cast<unsigned>(thread));
      std::vector<SecretBytes> held;
      for (int i = 0; i < 5000; ++i) {
        held.emplace_back(1 + random() % 3000);
        std::memset(held.back().data(), thread + 1, held.back().size());
        if (held.size() > 20) held.erase(held.begin() + static_cast<long>(random() % held.size()));
      }
      for (const SecretBytes& bytes : held) {
        for (std::byte byte : bytes.bytes()) ASSERT_EQ(byte, static_cast<std::byte>(thread + 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SecretBytes, MovesClonesAndWipes) {
  const auto key = test::counting(1, 32);
  SecretBytes first{std::span<const std::byte>(key)};
  EXPECT_EQ(test::to_hex(first.bytes()), test::to_hex(key));

  SecretBytes copy = first.clone();
  EXPECT_NE(copy.data(), first.data());
  EXPECT_EQ(test::to_hex(copy.bytes()), test::to_hex(key));

  const std::byte* where = first.data();
  SecretBytes moved = std::move(first);
  EXPECT_EQ(moved.data(), where);
  // Emptiness is promised.
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(first.data(), nullptr);

  copy = std::move(moved);
  EXPECT_EQ(copy.data(), where);
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_TRUE(SecretBytes(0).empty());
  EXPECT_TRUE(all_zero(SecretBytes(48).bytes()));
}

TEST(SecretBytes, AssignedOverItsOldBytesAreGone) {
  SecretBytes target(256);
  std::byte* where = target.data();
  std::memset(where, 0xa5, 256);
  target = SecretBytes(16);
  SecretBytes again(256);
  ASSERT_EQ(again.data(), where);
  EXPECT_TRUE(all_zero(again.bytes()));
}

// Keys lie in secret memory, so what is left of one when it goes is zero.
TEST(SecretObject, AKeyLeavesNothing) {
  for (const std::string& name : test::engine_names()) {
    const auto engine = test::engine_named(name);
    for (const char* suite_name : {"aes256-sha256", "aes256gcm16", "chacha20poly1305"}) {
      const SuiteId id = find_suite(suite_name).value();
      auto key = engine->make_key(id, test::counting(1, suite(id).cipher_key_bytes + suite(id).salt_bytes),
                                  test::counting(1, suite(id).integrity_key_bytes));
      ASSERT_TRUE(key.has_value());
      EXPECT_THAT(mapping_field(key->get(), "VmFlags"), testing::HasSubstr(" dd"))
          << name << ' ' << suite_name;
      EXPECT_FALSE(all_zero((*key)->hot_memory()));
    }
  }
}

}  // namespace
}  // namespace espgate::crypto
