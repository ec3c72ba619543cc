// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace espgate::crypto {

// The hash that phase 1 of IKE negotiates (RFC 2409 appendix A, RFC 4868 for SHA2); its HMAC is the prf.
enum class IkeHash : std::uint8_t { md5, sha1, sha2_256, sha2_384, sha2_512 };

inline constexpr std::size_t longest_hash = 64;

[[nodiscard]] constexpr std::size_t hash_bytes(IkeHash algorithm) {
  switch (algorithm) {
    case IkeHash::md5:
      return 16;
    case IkeHash::sha1:
      return 20;
    case IkeHash::sha2_256:
      return 32;
    case IkeHash::sha2_384:
      return 48;
    case IkeHash::sha2_512:
      return 64;
  }
  return 0;
}

// "md5", "sha1", "sha256", "sha384", "sha512".
[[nodiscard]] std::string_view to_string(IkeHash algorithm);

// What goes over the wire or is compared with it: NAT-D, IVs, HASH payloads, cookies. Not for keys.
struct HashValue {
  std::array<std::byte, longest_hash> bytes{};
  std::uint8_t size = 0;

  [[nodiscard]] std::span<const std::byte> span() const { return std::span(bytes).first(size); }
};

// Parts of a message, hashed as if they were one.
using Parts = std::initializer_list<std::span<const std::byte>>;

// None of these allocates in OpenSSL; all are for any thread at once, and wipe what they leave on the stack.
[[nodiscard]] HashValue hash(IkeHash algorithm, Parts parts);

// prf(key, message): HMAC (RFC 2104) with the negotiated hash, RFC 2409 §4. The key may have any length.
[[nodiscard]] SecretBytes prf(IkeHash algorithm, std::span<const std::byte> key, Parts parts);
// The same where the result is no secret.
[[nodiscard]] HashValue prf_value(IkeHash algorithm, std::span<const std::byte> key, Parts parts);

}  // namespace espgate::crypto
