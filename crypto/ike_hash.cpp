// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_SUPPRESS_DEPRECATED  // as for OpensslHmac: only the digest functions of old allocate nothing
#include "crypto/ike_hash.h"

#include <algorithm>

#include <openssl/md5.h>
#include <openssl/sha.h>

namespace espgate::crypto {
namespace {

// A digest of OpenSSL's by its three functions.
template <typename Context_, std::size_t digest_bytes_, std::size_t block_bytes_, int (*init_)(Context_*),
          int (*update_)(Context_*, const void*, std::size_t), int (*final_)(unsigned char*, Context_*)>
class Digest {
 public:
  static constexpr std::size_t digest_bytes = digest_bytes_;
  static constexpr std::size_t block_bytes = block_bytes_;

  Digest() { init_(&context_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() { wipe(std::as_writable_bytes(std::span(&context_, 1))); }

  void update(std::span<const std::byte> part) { update_(&context_, part.data(), part.size()); }
  void update(Parts parts) {
    for (const auto part : parts) update(part);
  }
  // `digest` has digest_bytes.
  void finish(std::span<std::byte> digest) {
    final_(reinterpret_cast<unsigned char*>(digest.data()), &context_);
  }

 private:
  Context_ context_{};
};

using Md5 = Digest<MD5_CTX, MD5_DIGEST_LENGTH, MD5_CBLOCK, MD5_Init, MD5_Update, MD5_Final>;
using Sha1 = Digest<SHA_CTX, SHA_DIGEST_LENGTH, SHA_CBLOCK, SHA1_Init, SHA1_Update, SHA1_Final>;
using Sha256 =
    Digest<SHA256_CTX, SHA256_DIGEST_LENGTH, SHA256_CBLOCK, SHA256_Init, SHA256_Update, SHA256_Final>;
using Sha384 =
    Digest<SHA512_CTX, SHA384_DIGEST_LENGTH, SHA512_CBLOCK, SHA384_Init, SHA384_Update, SHA384_Final>;
using Sha512 =
    Digest<SHA512_CTX, SHA512_DIGEST_LENGTH, SHA512_CBLOCK, SHA512_Init, SHA512_Update, SHA512_Final>;

template <typename Chosen>
void hash_with(Parts parts, std::span<std::byte> result) {
  Chosen digest;
  digest.update(parts);
  digest.finish(result);
}

// RFC 2104 §2: H(K xor opad, H(K xor ipad, text)), a key longer than a block hashed first.
template <typename Chosen>
void hmac_with(std::span<const std::byte> key, Parts parts, std::span<std::byte> result) {
  std::array<std::byte, Chosen::block_bytes> pad{};
  if (key.size() > pad.size()) {
    hash_with<Chosen>({key}, pad);
  } else {
    std::ranges::copy(key, pad.begin());
  }
  for (std::byte& byte : pad) byte ^= std::byte{0x36};
  std::array<std::byte, Chosen::digest_bytes> inner{};
  {
    Chosen digest;
    digest.update(pad);
    digest.update(parts);
    digest.finish(inner);
  }
  for (std::byte& byte : pad) byte ^= std::byte{0x36} ^ std::byte{0x5c};
  hash_with<Chosen>({pad, inner}, result);
  wipe(pad);
  wipe(inner);
}

// Calls `use` with the class of the algorithm.
template <typename Use>
void with_digest(IkeHash algorithm, Use use) {
  switch (algorithm) {
    case IkeHash::md5:
      return use.template operator()<Md5>();
    case IkeHash::sha1:
      return use.template operator()<Sha1>();
    case IkeHash::sha2_256:
      return use.template operator()<Sha256>();
    case IkeHash::sha2_384:
      return use.template operator()<Sha384>();
    case IkeHash::sha2_512:
      return use.template operator()<Sha512>();
  }
}

void hmac(IkeHash algorithm, std::span<const std::byte> key, Parts parts, std::span<std::byte> result) {
  with_digest(algorithm, [&]<typename Chosen>() { hmac_with<Chosen>(key, parts, result); });
}

HashValue value_for(IkeHash algorithm) {
  HashValue value;
  value.size = static_cast<std::uint8_t>(hash_bytes(algorithm));
  return value;
}

}  // namespace

std::string_view to_string(IkeHash algorithm) {
  switch (algorithm) {
    case IkeHash::md5:
      return "md5";
    case IkeHash::sha1:
      return "sha1";
    case IkeHash::sha2_256:
      return "sha256";
    case IkeHash::sha2_384:
      return "sha384";
    case IkeHash::sha2_512:
      return "sha512";
  }
  return "unknown";
}

HashValue hash(IkeHash algorithm, Parts parts) {
  HashValue value = value_for(algorithm);
  with_digest(algorithm, [&]<typename Chosen>() { hash_with<Chosen>(parts, value.bytes); });
  return value;
}

SecretBytes prf(IkeHash algorithm, std::span<const std::byte> key, Parts parts) {
  SecretBytes result(hash_bytes(algorithm));
  hmac(algorithm, key, parts, result.bytes());
  return result;
}

HashValue prf_value(IkeHash algorithm, std::span<const std::byte> key, Parts parts) {
  HashValue value = value_for(algorithm);
  hmac(algorithm, key, parts, value.bytes);
  return value;
}

}  // namespace espgate::crypto
