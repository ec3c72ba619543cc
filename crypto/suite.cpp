// SPDX-License-Identifier: Apache-2.0
#include "crypto/suite.h"

#include <algorithm>
#include <array>

namespace espgate::crypto {
namespace {

// What a cipher brings to each of its suites.
struct CipherRow {
  std::string_view name;
  Cipher cipher;
  std::uint8_t key_bytes, salt_bytes, iv_bytes, alignment_bytes;
  std::uint8_t icv_bytes;  // of an AEAD, else 0
  bool legacy;
  std::uint8_t esp_transform;
  std::uint16_t key_length_bits;
  std::string_view xfrm;
};

struct IntegrityRow {
  std::string_view name;
  Integrity integrity;
  std::uint8_t key_bytes, icv_bytes;
  bool legacy;
  std::uint16_t auth_algorithm;
  std::string_view xfrm;
};

// Transforms: RFC 2407 §4.4.4, RFC 3602 §5.3, RFC 4106 §8.4. IVs: 8 bytes for AEADs (RFC 4106 §3.1, RFC 7634
// §2). A 3DES key has one length (RFC 2451 §2.2), so no Key Length attribute goes with it.
constexpr std::array ciphers = {
    CipherRow{"null", Cipher::null, 0, 0, 0, 4, 0, true, 11, 0, "ecb(cipher_null)"},
    CipherRow{"3des", Cipher::des3_cbc, 24, 0, 8, 8, 0, true, 3, 0, "cbc(des3_ede)"},
    CipherRow{"aes128", Cipher::aes_cbc, 16, 0, 16, 16, 0, false, 12, 128, "cbc(aes)"},
    CipherRow{"aes192", Cipher::aes_cbc, 24, 0, 16, 16, 0, false, 12, 192, "cbc(aes)"},
    CipherRow{"aes256", Cipher::aes_cbc, 32, 0, 16, 16, 0, false, 12, 256, "cbc(aes)"},
};

// ChaCha20-Poly1305 is 28 in IKEv2's registry and has no number in IKEv1's, so IKEv1 cannot negotiate it: 0.
constexpr std::array aeads = {
    CipherRow{"aes128gcm16", Cipher::aes_gcm, 16, 4, 8, 4, 16, false, 20, 128, "rfc4106(gcm(aes))"},
    CipherRow{"aes192gcm16", Cipher::aes_gcm, 24, 4, 8, 4, 16, false, 20, 192, "rfc4106(gcm(aes))"},
    CipherRow{"aes256gcm16", Cipher::aes_gcm, 32, 4, 8, 4, 16, false, 20, 256, "rfc4106(gcm(aes))"},
    CipherRow{"chacha20poly1305", Cipher::chacha20_poly1305, 32, 4, 8, 4, 16, false, 0, 0,
              "rfc7539esp(chacha20,poly1305)"},
};

// Attribute values: RFC 2407 §4.5, RFC 4868 §3. The 96-bit SHA2-256 has the number of the real one: the peers
// that use it say 5 and truncate wrongly.
constexpr std::array integrities = {
    IntegrityRow{"md5", Integrity::hmac_md5_96, 16, 12, true, 1, "hmac(md5)"},
    IntegrityRow{"sha1", Integrity::hmac_sha1_96, 20, 12, false, 2, "hmac(sha1)"},
    IntegrityRow{"sha256", Integrity::hmac_sha2_256_128, 32, 16, false, 5, "hmac(sha256)"},
    IntegrityRow{"sha256_96", Integrity::hmac_sha2_256_96, 32, 12, false, 5, "hmac(sha256)"},
    IntegrityRow{"sha384", Integrity::hmac_sha2_384_192, 48, 24, false, 6, "hmac(sha384)"},
    IntegrityRow{"sha512", Integrity::hmac_sha2_512_256, 64, 32, false, 7, "hmac(sha512)"},
};

constexpr std::size_t paired_suites = ciphers.size() * integrities.size();
constexpr std::size_t suite_count = paired_suites + aeads.size();

struct Name {
  std::array<char, 20> text{};
  std::size_t size = 0;

  constexpr void append(std::string_view part) {
    for (char character : part) text.at(size++) = character;
  }
  [[nodiscard]] constexpr std::string_view view() const { return {text.data(), size}; }
};

// "aes256-sha1", …: the storage that the table's names point into.
constexpr auto paired_names = [] {
  std::array<Name, paired_suites> names{};
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i].append(ciphers[i / integrities.size()].name);
    names[i].append("-");
    names[i].append(integrities[i % integrities.size()].name);
  }
  return names;
}();

constexpr Suite pair(std::string_view name, const CipherRow& cipher, const IntegrityRow& integrity) {
  return {.name = name,
          .cipher = cipher.cipher,
          .integrity = integrity.integrity,
          .cipher_key_bytes = cipher.key_bytes,
          .salt_bytes = cipher.salt_bytes,
          .iv_bytes = cipher.iv_bytes,
          .alignment_bytes = cipher.alignment_bytes,
          .integrity_key_bytes = integrity.key_bytes,
          .icv_bytes = integrity.icv_bytes,
          .legacy = cipher.legacy || integrity.legacy,
          .esp_transform = cipher.esp_transform,
          .key_length_bits = cipher.key_length_bits,
          .auth_algorithm = integrity.auth_algorithm,
          .xfrm_cipher = cipher.xfrm,
          .xfrm_integrity = integrity.xfrm,
          .xfrm_icv_bits = static_cast<std::uint16_t>(integrity.icv_bytes * 8)};
}

constexpr Suite alone(const CipherRow& aead) {
  const IntegrityRow built_in{"", Integrity::none, 0, aead.icv_bytes, false, 0, ""};
  return pair(aead.name, aead, built_in);
}

constexpr auto table = [] {
  std::array<Suite, suite_count> all{};
  for (std::size_t i = 0; i < paired_suites; ++i) {
    all[i] =
        pair(paired_names[i].view(), ciphers[i / integrities.size()], integrities[i % integrities.size()]);
  }
  for (std::size_t i = 0; i < aeads.size(); ++i) all[paired_suites + i] = alone(aeads[i]);
  return all;
}();

template <typename Matches>
std::optional<SuiteId> find(Matches matches) {
  const auto found = std::find_if(table.begin(), table.end(), matches);
  if (found == table.end()) return std::nullopt;
  return static_cast<SuiteId>(found - table.begin());
}

// The kernel also knows its algorithms by the short names of its first IPsec years, and older `ip xfrm`
// prints them.
std::string_view canonical_cipher(std::string_view xfrm) {
  if (xfrm == "aes") return "cbc(aes)";
  if (xfrm == "des3_ede") return "cbc(des3_ede)";
  if (xfrm == "cipher_null") return "ecb(cipher_null)";
  return xfrm;
}

std::string_view canonical_integrity(std::string_view xfrm) {
  if (xfrm.starts_with("hmac(")) return xfrm;
  for (const IntegrityRow& row : integrities) {
    if (row.xfrm.substr(5, row.xfrm.size() - 6) == xfrm) return row.xfrm;
  }
  return xfrm;
}

}  // namespace

std::span<const Suite> suites() { return table; }

const Suite& suite(SuiteId id) { return table.at(id); }

std::optional<SuiteId> find_suite(std::string_view name) {
  return find([&](const Suite& candidate) { return candidate.name == name; });
}

std::optional<SuiteId> find_suite_by_xfrm(std::string_view xfrm_cipher, std::size_t cipher_key_bytes,
                                          std::string_view xfrm_integrity, unsigned icv_bits) {
  const std::string_view cipher = canonical_cipher(xfrm_cipher);
  const std::string_view integrity = canonical_integrity(xfrm_integrity);
  return find([&](const Suite& candidate) {
    return candidate.xfrm_cipher == cipher && candidate.cipher_key_bytes == cipher_key_bytes &&
           candidate.xfrm_integrity == integrity && candidate.xfrm_icv_bits == icv_bits;
  });
}

}  // namespace espgate::crypto
