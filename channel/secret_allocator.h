// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <span>

namespace espgate::channel {

// For containers whose elements hold keys: their memory is wiped on release and stays out of core dumps.
template <typename T>
struct SecretAllocator {
  using value_type = T;

  SecretAllocator() = default;
  template <typename Other>
  explicit(false) SecretAllocator(const SecretAllocator<Other>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(crypto::allocate_secret(bytes_of(count)));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    crypto::release_secret(static_cast<void*>(memory), bytes_of(count));
  }

  friend bool operator==(const SecretAllocator&, const SecretAllocator&) { return true; }

 private:
  // T may be a pointer: a deque keeps its blocks by them.
  static constexpr std::size_t bytes_of(std::size_t count) {
    return count * sizeof(T);  // NOLINT(bugprone-sizeof-expression)
  }
};

// Wipes one record where it lies.
template <typename Record>
void wipe_record(Record& record) noexcept {
  crypto::wipe(std::as_writable_bytes(std::span<Record, 1>(&record, 1)));
}

}  // namespace espgate::channel
