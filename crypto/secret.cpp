// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret.h"

#include <cstring>
#include <utility>

namespace espgate::crypto {

void wipe(std::span<std::byte> memory) noexcept {
  if (memory.empty()) return;
  std::memset(memory.data(), 0, memory.size());
  // The compiler must assume that this reads the zeros.
  asm volatile("" : : "r"(memory.data()) : "memory");
}

bool equal_in_constant_time(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= std::to_integer<unsigned>(a[i] ^ b[i]);
    // Hides from the compiler that a difference once found stays, which would allow it to leave early.
    asm volatile("" : "+r"(difference));
  }
  return difference == 0;
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : static_cast<std::byte*>(allocate_secret(size))), size_(size) {}

SecretBytes::SecretBytes(std::span<const std::byte> bytes) : SecretBytes(bytes.size()) {
  if (data_ != nullptr) std::memcpy(data_, bytes.data(), bytes.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SecretBytes::~SecretBytes() { release_secret(data_, size_); }

SecretBytes SecretBytes::clone() const { return SecretBytes(bytes()); }

}  // namespace espgate::crypto
