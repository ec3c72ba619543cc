// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "crypto/secret.h"

#include <array>
#include <cstdint>
#include <span>

#include <intel-ipsec-mb.h>

namespace espgate::crypto {

// In assembly, because g++ 12 takes a function that does nothing but __builtin_prefetch for pure and drops
// the calls.
inline void prefetch_line(const std::byte* at) { asm volatile("prefetcht0 %0" : : "m"(*at)); }

// Where the parts of a CBC and HMAC key lie:
//
//   | AES decryption rounds | HMAC state after ipad | after opad | AES encryption rounds |
//   `------------------ decrypt's hot bytes --------------------´
//                           `----------------- encrypt's hot bytes --------------------´
//
// Offsets follow from the suite alone, so a batch fills its descriptors without touching the key.
struct HmacKeyLayout {
  constexpr HmacKeyLayout(std::size_t round_key_bytes, std::size_t hash_state_bytes)
      : inner(static_cast<std::uint16_t>(round_key_bytes)),
        outer(static_cast<std::uint16_t>(inner + (hash_state_bytes + 15) / 16 * 16)),
        encrypt(static_cast<std::uint16_t>(outer + (hash_state_bytes + 15) / 16 * 16)),
        end(static_cast<std::uint16_t>(encrypt + round_key_bytes)) {}

  static constexpr std::uint16_t decrypt = 0;
  std::uint16_t inner, outer, encrypt, end;
};

// A header line, which packets do not touch, and the parts. libipsec-mb wants round keys at multiples of 16.
class HmacKey final : public Key, public SecretObject {
 public:
  explicit HmacKey(HmacKeyLayout layout) : layout_(layout) {}

  [[nodiscard]] std::span<const std::byte> hot_memory() const override { return between(0, layout_.end); }
  [[nodiscard]] std::span<const std::byte> hot_memory_of(Direction direction) const override {
    return direction == Direction::decrypt ? between(0, layout_.encrypt)
                                           : between(layout_.inner, layout_.end);
  }
  [[nodiscard]] const std::byte* at(std::size_t offset) const { return parts_.data() + offset; }
  [[nodiscard]] std::byte* at(std::size_t offset) { return parts_.data() + offset; }

 private:
  [[nodiscard]] std::span<const std::byte> between(std::size_t begin, std::size_t end) const {
    return {at(begin), end - begin};
  }

  HmacKeyLayout layout_;
  alignas(64) std::array<std::byte, 640> parts_{};
};
static_assert(HmacKeyLayout(std::size_t{15} * 16, 64).end <= 640);

// Salt and round keys first, then the powers of the hash key, of which a short packet uses the last few.
class GcmKey final : public Key, public SecretObject {
 public:
  explicit GcmKey(std::size_t round_key_bytes) : round_key_bytes_(round_key_bytes) {}

  [[nodiscard]] std::span<const std::byte> hot_memory() const override {
    const auto* begin = salt.data();
    return {begin, static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&expanded) - begin) +
                       round_key_bytes_};
  }

  // Ahead of a packet, also what hot_memory() has not: where the low powers of the hash key are in
  // libipsec-mb's form for VAES, which fills the structure to its end.
  void prefetch() const {
    const auto* begin = reinterpret_cast<const std::byte*>(this);
    for (std::size_t line = 0; line < 4; ++line) prefetch_line(begin + 64 * line);
    prefetch_line(begin + sizeof *this - 128);
    prefetch_line(begin + sizeof *this - 64);
  }

 private:
  std::size_t round_key_bytes_;

 public:
  std::array<std::byte, 4> salt{};
  alignas(64) gcm_key_data expanded{};
};

// RFC 7634's key and salt. ChaCha20 has no key schedule.
class ChachaKey final : public Key, public SecretObject {
 public:
  [[nodiscard]] std::span<const std::byte> hot_memory() const override {
    return {key.data(), sizeof key + sizeof salt};
  }

  alignas(16) std::array<std::byte, 32> key{};
  std::array<std::byte, 4> salt{};
};

}  // namespace espgate::crypto
