// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_SUPPRESS_DEPRECATED  // see the class
#include "crypto/openssl_hmac.h"

#include "crypto/secret.h"

#include <algorithm>
#include <cassert>

namespace espgate::crypto {
namespace {

// One set of names for the four kinds of context.
void update(MD5_CTX& context, const void* bytes, std::size_t count) { MD5_Update(&context, bytes, count); }
void update(SHA_CTX& context, const void* bytes, std::size_t count) { SHA1_Update(&context, bytes, count); }
void update(SHA256_CTX& context, const void* bytes, std::size_t count) {
  SHA256_Update(&context, bytes, count);
}
void update(SHA512_CTX& context, const void* bytes, std::size_t count) {
  SHA512_Update(&context, bytes, count);
}

// Each returns the digest's length.
std::size_t finish(MD5_CTX& context, unsigned char* digest) {
  return MD5_Final(digest, &context), MD5_DIGEST_LENGTH;
}
std::size_t finish(SHA_CTX& context, unsigned char* digest) {
  return SHA1_Final(digest, &context), SHA_DIGEST_LENGTH;
}
std::size_t finish(SHA256_CTX& context, unsigned char* digest) {
  return SHA256_Final(digest, &context), SHA256_DIGEST_LENGTH;
}
// Writes 48 bytes for SHA2-384.
std::size_t finish(SHA512_CTX& context, unsigned char* digest) {
  const std::size_t bytes = context.md_len;
  return SHA512_Final(digest, &context), bytes;
}

template <typename Context>
void hash_pad(Context& context, int (*init)(Context*), std::size_t block_bytes,
              std::span<const std::byte> key, std::byte pad) {
  assert(key.size() <= block_bytes);
  SecretBytes block(block_bytes);
  std::fill_n(block.data(), block.size(), pad);
  for (std::size_t i = 0; i < key.size(); ++i) block.data()[i] ^= key[i];
  init(&context);
  update(context, block.data(), block.size());
}

}  // namespace

OpensslHmac::OpensslHmac(Integrity integrity, std::span<const std::byte> key) {
  const auto set = [&]<typename Context>(int (*init)(Context*), std::size_t block_bytes) {
    auto& keyed = keyed_.emplace<Keyed<Context>>();
    hash_pad(keyed.inner, init, block_bytes, key, std::byte{0x36});
    hash_pad(keyed.outer, init, block_bytes, key, std::byte{0x5c});
  };
  switch (integrity) {
    case Integrity::none:
      break;
    case Integrity::hmac_md5_96:
      set(MD5_Init, MD5_CBLOCK);
      break;
    case Integrity::hmac_sha1_96:
      set(SHA1_Init, SHA_CBLOCK);
      break;
    case Integrity::hmac_sha2_256_128:
    case Integrity::hmac_sha2_256_96:
      set(SHA256_Init, SHA256_CBLOCK);
      break;
    case Integrity::hmac_sha2_384_192:
      set(SHA384_Init, SHA512_CBLOCK);
      break;
    case Integrity::hmac_sha2_512_256:
      set(SHA512_Init, SHA512_CBLOCK);
      break;
  }
}

void OpensslHmac::tag(std::span<const std::byte> message, std::span<const std::byte> behind,
                      std::span<std::byte, longest_hmac> tag) const {
  auto* digest = reinterpret_cast<unsigned char*>(tag.data());
  std::visit(
      [&]<typename Chosen>(const Chosen& keyed) {
        if constexpr (std::is_same_v<Chosen, std::monostate>) {
          assert(false);
        } else {
          // What is left on the stack would do for forging; the final functions of OpenSSL wipe only their
          // buffer.
          auto context = keyed.inner;
          update(context, message.data(), message.size());
          update(context, behind.data(), behind.size());
          const std::size_t digest_bytes = finish(context, digest);
          context = keyed.outer;
          update(context, digest, digest_bytes);
          finish(context, digest);
          wipe(std::as_writable_bytes(std::span(&context, 1)));
        }
      },
      keyed_);
}

}  // namespace espgate::crypto
