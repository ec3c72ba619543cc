// SPDX-License-Identifier: Apache-2.0
// What IpsecMbHmac knows of its suites, and their keys.
#include "crypto/ipsec_mb_hmac.h"
#include "crypto/secret.h"

#include <algorithm>

namespace espgate::crypto {
namespace {

constexpr std::size_t round_key_bytes(std::size_t key_bytes) {
  return key_bytes == 0 ? 0 : (key_bytes / 4 + 7) * 16;  // FIPS 197 §5: rounds + 1
}

}  // namespace

struct IpsecMbHmac::Hash {
  IMB_HASH_ALG algorithm = IMB_AUTH_NULL;
  std::uint8_t state_bytes = 0;  // between two compressions
  std::uint8_t tag_bytes = 0;    // untruncated
  std::uint8_t block_bytes = 0;
  hash_one_block_t IMB_MGR::* one_block = nullptr;
};

IpsecMbHmac::Hash IpsecMbHmac::hash_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::hmac_sha1_96:
      return {IMB_AUTH_HMAC_SHA_1, 20, 20, 64, &IMB_MGR::sha1_one_block};
    case Integrity::hmac_sha2_256_128:
    case Integrity::hmac_sha2_256_96:
      return {IMB_AUTH_HMAC_SHA_256, 32, 32, 64, &IMB_MGR::sha256_one_block};
    case Integrity::hmac_sha2_384_192:
      return {IMB_AUTH_HMAC_SHA_384, 64, 48, 128, &IMB_MGR::sha384_one_block};
    case Integrity::hmac_sha2_512_256:
      return {IMB_AUTH_HMAC_SHA_512, 64, 64, 128, &IMB_MGR::sha512_one_block};
    case Integrity::none:
    case Integrity::hmac_md5_96:
      break;
  }
  return {};
}

bool IpsecMbHmac::does(SuiteId id) {
  const Suite& its_suite = suite(id);
  return (its_suite.cipher == Cipher::aes_cbc || its_suite.cipher == Cipher::null) &&
         hash_of(its_suite.integrity).algorithm != IMB_AUTH_NULL;
}

IpsecMbHmac::Plan IpsecMbHmac::make_plan(const Suite& suite) {
  const Hash hash = hash_of(suite.integrity);
  const auto key_rank = static_cast<std::size_t>(suite.cipher_key_bytes / 8);  // 0, 2, 3, 4
  const auto hash_rank = static_cast<std::size_t>(suite.integrity);            // both SHA2-256 are neighbours
  return {.hash = hash.algorithm,
          .tag_bytes = hash.tag_bytes,
          .icv_bytes = suite.icv_bytes,
          .iv_bytes = suite.iv_bytes,
          .cipher_key_bytes = suite.cipher_key_bytes,
          .hash_first = static_cast<std::uint8_t>(hash_rank * key_ranks + key_rank),
          .cipher_first = static_cast<std::uint8_t>(key_rank * hash_ranks + hash_rank),
          .layout = HmacKeyLayout(round_key_bytes(suite.cipher_key_bytes), hash.state_bytes)};
}

std::unique_ptr<Key> IpsecMbHmac::make_key(SuiteId id, std::span<const std::byte> cipher_key,
                                           std::span<const std::byte> integrity_key) const {
  const HmacKeyLayout& layout = plans_[id].layout;
  std::unique_ptr<HmacKey> key(new HmacKey(layout));
  const auto expand = cipher_key.size() == 16   ? manager_.keyexp_128
                      : cipher_key.size() == 24 ? manager_.keyexp_192
                                                : manager_.keyexp_256;
  if (!cipher_key.empty()) {
    expand(cipher_key.data(), key->at(layout.encrypt), key->at(HmacKeyLayout::decrypt));
  }
  expand_hmac(hash_of(suite(id).integrity), integrity_key, std::byte{0x36}, key->at(layout.inner));
  expand_hmac(hash_of(suite(id).integrity), integrity_key, std::byte{0x5c}, key->at(layout.outer));
  return key;
}

// RFC 2104 §4: the hash's state after the block of key xor pad, computed once.
void IpsecMbHmac::expand_hmac(const Hash& hash, std::span<const std::byte> secret, std::byte pad,
                              std::byte* state) const {
  SecretBytes block(hash.block_bytes);
  std::fill_n(block.data(), block.size(), pad);
  for (std::size_t i = 0; i < secret.size(); ++i) block.data()[i] ^= secret[i];
  (manager_.*hash.one_block)(block.data(), state);
}

}  // namespace espgate::crypto
