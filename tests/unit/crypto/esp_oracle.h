// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// ESP packets made the slow and obvious way, one fresh context per step: what engines are compared with.
// vector_test holds the primitives against published vectors.
namespace espgate::crypto::test {

using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

// Spaces are allowed anywhere.
Bytes from_hex(std::string_view text);
std::string to_hex(View bytes);
Bytes from_text(std::string_view text);
Bytes repeated(unsigned value, std::size_t count);
// first, first + 1, …
Bytes counting(unsigned first, std::size_t count);
Bytes joined(std::initializer_list<View> parts);

// Full length. The key may be of any length.
Bytes oracle_hmac(Integrity integrity, View key, View message);
// 3DES or AES by the key's length.
Bytes oracle_cbc(Cipher cipher, Direction direction, View key, View iv, View text);
// Ciphertext and tag.
Bytes oracle_aead(Cipher cipher, View key, View nonce, View associated, View text);

struct EspPacket {
  SuiteId suite = 0;
  Bytes cipher_key{};  // with the salt
  Bytes integrity_key{};
  std::uint32_t spi = 0x01020304;
  std::uint32_t sequence = 1;
  std::uint32_t sequence_high = 0;
  bool esn = false;
  Bytes iv_field{};  // what encrypt finds there: for CBC the unique block, not the IV
  Bytes text{};

  // What encrypt is given: header, IV field, text, and rubbish where the ICV goes.
  [[nodiscard]] Bytes open() const;
  // What must come out.
  [[nodiscard]] Bytes sealed() const;
  // The same with a CBC IV of the caller's.
  [[nodiscard]] Bytes sealed_with_iv(View iv) const;
  [[nodiscard]] Job job(const Key& key, Bytes& buffer) const;

 private:
  [[nodiscard]] Bytes header() const;
};

// "openssl", and "ipsec_mb" where it is built in and the CPU runs it.
std::vector<std::string> engine_names();
std::unique_ptr<Engine> engine_named(std::string_view name);
// Throws when the engine refuses.
std::unique_ptr<Key> key_for(Engine& engine, const EspPacket& packet);

}  // namespace espgate::crypto::test
