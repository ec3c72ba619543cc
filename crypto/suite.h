// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace espgate::crypto {

enum class Cipher : std::uint8_t { null, des3_cbc, aes_cbc, aes_gcm, chacha20_poly1305 };
enum class Integrity : std::uint8_t {
  none,  // an AEAD brings its own
  hmac_md5_96,
  hmac_sha1_96,
  hmac_sha2_256_128,
  hmac_sha2_256_96,  // the truncation of old Androids and of kernels before 2.6.33: same hash, 12-byte ICV
  hmac_sha2_384_192,
  hmac_sha2_512_256,
};

// Index of a suite in `suites()`: stable within one build only.
using SuiteId = std::uint8_t;

// One ESP suite: what an SA needs to know of its algorithms. All sizes are in bytes.
struct Suite {
  std::string_view name;  // as strongSwan writes it: "aes256-sha1", "aes128gcm16"
  Cipher cipher;
  Integrity integrity;
  std::uint8_t cipher_key_bytes;     // without the salt
  std::uint8_t salt_bytes;           // 4 for AEADs, behind the cipher key in KEYMAT (RFC 4106 §8.1)
  std::uint8_t iv_bytes;             // on the wire
  std::uint8_t alignment_bytes;      // payload + padding + 2 is a multiple of this (RFC 4303 §2.4)
  std::uint8_t integrity_key_bytes;  // 0 for AEADs
  std::uint8_t icv_bytes;            // on the wire
  bool legacy;                       // 3DES, MD5, NULL: a gateway refuses them unless told
  std::uint8_t esp_transform;        // IANA "IPSEC ESP Transform Identifiers" (IKEv1 phase 2)
  std::uint16_t key_length_bits;     // IKEv1 Key Length attribute, 0 where the transform has only one
  std::uint16_t auth_algorithm;      // IKEv1 phase 2 Authentication Algorithm attribute, 0 for AEADs
  std::string_view xfrm_cipher;      // "cbc(aes)", "rfc4106(gcm(aes))"
  std::string_view xfrm_integrity;   // "hmac(sha1)"; empty for AEADs
  std::uint16_t xfrm_icv_bits;       // truncation as `ip xfrm` writes it

  [[nodiscard]] constexpr bool is_aead() const { return integrity == Integrity::none; }
};

// All suites, index = SuiteId.
[[nodiscard]] std::span<const Suite> suites();
[[nodiscard]] const Suite& suite(SuiteId id);
// nullopt: no suite of that name.
[[nodiscard]] std::optional<SuiteId> find_suite(std::string_view name);
// By kernel names and truncation. `cipher_key_bytes` excludes the salt; `xfrm_integrity` is empty for AEADs.
[[nodiscard]] std::optional<SuiteId> find_suite_by_xfrm(std::string_view xfrm_cipher,
                                                        std::size_t cipher_key_bytes,
                                                        std::string_view xfrm_integrity, unsigned icv_bits);

}  // namespace espgate::crypto
