// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>

namespace espgate::crypto {

// Overwrites memory so that no compiler may leave it out.
void wipe(std::span<std::byte> memory) noexcept;

// Equality in time that depends on the length only.
[[nodiscard]] bool equal_in_constant_time(std::span<const std::byte> a,
                                          std::span<const std::byte> b) noexcept;

// Memory for secrets, from pages that are kept out of core dumps (MADV_DONTDUMP) and locked as far as
// RLIMIT_MEMLOCK allows. Wiped on release, so always zero when it comes. 64-byte aligned. Thread-safe; never
// called on the packet path. Throws std::bad_alloc.
[[nodiscard]] void* allocate_secret(std::size_t bytes);
void release_secret(void* memory, std::size_t bytes) noexcept;

// Base of objects that hold secrets: `new` puts them into such memory.
class SecretObject {
 public:
  static void* operator new(std::size_t bytes) { return allocate_secret(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { release_secret(memory, bytes); }

 protected:
  SecretObject() = default;
  ~SecretObject() = default;
};

// A byte string that holds a key: movable, copied only by clone(), wiped when it goes.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);
  explicit SecretBytes(std::span<const std::byte> bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] SecretBytes clone() const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::byte* data() { return data_; }
  [[nodiscard]] const std::byte* data() const { return data_; }
  [[nodiscard]] std::span<std::byte> bytes() { return {data_, size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace espgate::crypto
