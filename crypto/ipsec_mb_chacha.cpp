// SPDX-License-Identifier: Apache-2.0
#include "crypto/ipsec_mb_chacha.h"

#include "crypto/ipsec_mb_key.h"
#include "crypto/secret.h"
#include "wire/big_endian.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace espgate::crypto {
namespace {

constexpr std::uint32_t esp_header_bytes = 8;
constexpr std::uint32_t iv_bytes = 8;
constexpr std::uint32_t icv_bytes = 16;
constexpr std::uint32_t around_text_bytes = esp_header_bytes + iv_bytes + icv_bytes;
constexpr std::size_t nonce_bytes = 12;

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }
std::byte* icv_of(const Job& job) { return job.esp + job.length - icv_bytes; }

// salt | IV (RFC 7634 §2).
std::array<std::uint8_t, nonce_bytes> nonce_of(const ChachaKey& key, const Job& job) {
  std::array<std::uint8_t, nonce_bytes> nonce;
  std::memcpy(nonce.data(), key.salt.data(), key.salt.size());
  std::memcpy(nonce.data() + key.salt.size(), job.esp + esp_header_bytes, iv_bytes);
  return nonce;
}

// SPI | sequence, or SPI | upper half | lower half (RFC 7634 §2.1).
struct AssociatedData {
  explicit AssociatedData(const Job& job) {
    const std::size_t lower_half_at = job.esn ? 8 : 4;
    std::memcpy(bytes.data(), job.esp, 4);
    wire::store_big_endian(bytes.data() + 4, job.sequence_high);
    std::memcpy(bytes.data() + lower_half_at, job.esp + 4, 4);
    size = lower_half_at + 4;
  }

  std::array<std::byte, 12> bytes;
  std::size_t size;
};

}  // namespace

bool IpsecMbChacha::does(SuiteId id) { return suite(id).cipher == Cipher::chacha20_poly1305; }

std::unique_ptr<Key> IpsecMbChacha::make_key(SuiteId id, std::span<const std::byte> cipher_key) {
  const std::ptrdiff_t key_bytes = suite(id).cipher_key_bytes;
  std::unique_ptr<ChachaKey> key(new ChachaKey);
  std::copy_n(cipher_key.begin(), key_bytes, key->key.begin());
  std::copy_n(cipher_key.begin() + key_bytes, key->salt.size(), key->salt.begin());
  return key;
}

bool IpsecMbChacha::run(const Job& job, IMB_CIPHER_DIRECTION direction, std::byte* tag) noexcept {
  const ChachaKey& key = static_cast<const ChachaKey&>(*job.key);
  const auto nonce = nonce_of(key, job);
  const AssociatedData associated(job);
  std::uint8_t* text = raw(job.esp + esp_header_bytes + iv_bytes);
  const std::uint64_t text_bytes = job.length - around_text_bytes;

  IMB_JOB* descriptor = IMB_GET_NEXT_JOB(&manager_);
  descriptor->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
  descriptor->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
  descriptor->cipher_direction = direction;
  descriptor->chain_order = direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
  descriptor->enc_keys = key.key.data();
  descriptor->dec_keys = key.key.data();
  descriptor->key_len_in_bytes = key.key.size();
  descriptor->src = text;
  descriptor->dst = text;
  descriptor->cipher_start_src_offset_in_bytes = 0;
  descriptor->hash_start_src_offset_in_bytes = 0;
  descriptor->msg_len_to_cipher_in_bytes = text_bytes;
  descriptor->msg_len_to_hash_in_bytes = text_bytes;
  descriptor->iv = nonce.data();
  descriptor->iv_len_in_bytes = nonce.size();
  descriptor->u.CHACHA20_POLY1305.aad = associated.bytes.data();
  descriptor->u.CHACHA20_POLY1305.aad_len_in_bytes = associated.size;
  descriptor->auth_tag_output = raw(tag);
  descriptor->auth_tag_output_len_in_bytes = icv_bytes;
  const IMB_JOB* done = IMB_SUBMIT_JOB_NOCHECK(&manager_);
  return done == descriptor && done->status == IMB_STATUS_COMPLETED;
}

bool IpsecMbChacha::decrypt(const Job& job) noexcept {
  std::array<std::byte, icv_bytes> expected;
  return run(job, IMB_DIR_DECRYPT, expected.data()) &&
         equal_in_constant_time({icv_of(job), icv_bytes}, expected);
}

bool IpsecMbChacha::encrypt(const Job& job) noexcept { return run(job, IMB_DIR_ENCRYPT, icv_of(job)); }

}  // namespace espgate::crypto
