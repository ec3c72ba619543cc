// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/suite.h"

#include <array>
#include <cstddef>
#include <span>
#include <variant>

#include <openssl/md5.h>
#include <openssl/sha.h>

namespace espgate::crypto {

inline constexpr std::size_t longest_hmac = 64;

// HMAC (RFC 2104) under one key, the key's two blocks hashed beforehand.
//
// On OpenSSL's digest functions of old, deprecated since 3.0 but the only ones that allocate nothing: EVP_MAC
// and EVP_MD_CTX of 3.0 build a provider context for every message. They also leave the key's state here, in
// memory that is ours to wipe, instead of in OpenSSL's heap.
class OpensslHmac {
 public:
  // The key is not longer than the digest's block. Integrity::none: no HMAC, which must not be asked for a
  // tag.
  OpensslHmac(Integrity integrity, std::span<const std::byte> key);

  // Untruncated, over the two parts in a row.
  void tag(std::span<const std::byte> message, std::span<const std::byte> behind,
           std::span<std::byte, longest_hmac> tag) const;

  OpensslHmac(const OpensslHmac&) = delete;
  OpensslHmac& operator=(const OpensslHmac&) = delete;

 private:
  template <typename Context>
  struct Keyed {
    Context inner;  // behind the block of key xor ipad
    Context outer;  // behind the block of key xor opad
  };
  // SHA2-384 is told from SHA2-512 by the length that its context keeps.
  std::variant<std::monostate, Keyed<MD5_CTX>, Keyed<SHA_CTX>, Keyed<SHA256_CTX>, Keyed<SHA512_CTX>> keyed_;
};

}  // namespace espgate::crypto
