// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/esp_sa_names.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using crypto::Cipher;
using crypto::Integrity;

struct CipherName {
  std::string_view name;
  Cipher cipher;
  std::uint8_t icv_bytes;  // 0: not an AEAD
};
constexpr std::array cipher_names = {
    CipherName{"NULL", Cipher::null, 0},
    CipherName{"TripleDES-CBC [RFC2451]", Cipher::des3_cbc, 0},
    CipherName{"AES-CBC [RFC3602]", Cipher::aes_cbc, 0},
    CipherName{"AES-GCM with 8 octet ICV [RFC4106]", Cipher::aes_gcm, 8},
    CipherName{"AES-GCM with 12 octet ICV [RFC4106]", Cipher::aes_gcm, 12},
    CipherName{"AES-GCM with 16 octet ICV [RFC4106]", Cipher::aes_gcm, 16},
    CipherName{"ChaCha20 with Poly1305 [RFC7634]", Cipher::chacha20_poly1305, 16},  // since Wireshark 4.2
};

struct IntegrityName {
  std::string_view name;
  Integrity integrity;
};
constexpr std::array integrity_names = {
    IntegrityName{"NULL", Integrity::none},
    IntegrityName{"HMAC-MD5-96 [RFC2403]", Integrity::hmac_md5_96},
    IntegrityName{"HMAC-SHA-1-96 [RFC2404]", Integrity::hmac_sha1_96},
    IntegrityName{"HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]", Integrity::hmac_sha2_256_96},
    IntegrityName{"HMAC-SHA-256-128 [RFC4868]", Integrity::hmac_sha2_256_128},
    IntegrityName{"HMAC-SHA-384-192 [RFC4868]", Integrity::hmac_sha2_384_192},
    IntegrityName{"HMAC-SHA-512-256 [RFC4868]", Integrity::hmac_sha2_512_256},
};

// The name that leaves the ICV's length to the authentication column, and the columns that tell it.
constexpr std::string_view gcm_of_any_icv = "AES-GCM [RFC4106]";
struct AnyIcv {
  std::string_view name;
  std::uint8_t icv_bytes;
};
constexpr std::array any_icvs = {AnyIcv{"ANY 64 bit authentication [no checking]", 8},
                                 AnyIcv{"ANY 96 bit authentication [no checking]", 12},
                                 AnyIcv{"ANY 128 bit authentication [no checking]", 16}};

bool has_suite(const CipherChoice& choice) {
  return std::ranges::any_of(crypto::suites(), [&](const crypto::Suite& suite) {
    return suite.cipher == choice.cipher && (!suite.is_aead() || suite.icv_bytes == choice.aead_icv_bytes);
  });
}

tl::unexpected<Error> unsupported_cipher(const KeyText& file, std::string_view name) {
  std::string supported;
  for (const CipherName& row : cipher_names) {
    if (!has_suite({row.cipher, row.icv_bytes, {}, {}})) continue;
    supported += fmt::format("{}{}", supported.empty() ? "supported: " : ", ", row.name);
  }
  return file.error(name, fmt::format("encryption {} is not supported", shown(name)), supported);
}

std::string supported_integrities() {
  std::string text;
  for (const IntegrityName& row : integrity_names) {
    text += fmt::format("{}{}", text.empty() ? "supported: " : ", ", row.name);
  }
  return text;
}

}  // namespace

Expected<CipherChoice> esp_sa_cipher(const KeyText& file, std::string_view encryption,
                                     std::string_view authentication) {
  CipherChoice choice;
  choice.name = encryption;
  if (encryption == gcm_of_any_icv) {
    const auto* const any = std::ranges::find(any_icvs, authentication, &AnyIcv::name);
    if (any == any_icvs.end()) {
      return file.error(authentication,
                        fmt::format("{} leaves the ICV's length to the authentication, got {}",
                                    gcm_of_any_icv, shown(authentication)),
                        "name the cipher \"AES-GCM with 16 octet ICV [RFC4106]\"");
    }
    choice.cipher = Cipher::aes_gcm;
    choice.aead_icv_bytes = any->icv_bytes;
  } else if (const auto* const row = std::ranges::find(cipher_names, encryption, &CipherName::name);
             row != cipher_names.end()) {
    choice.cipher = row->cipher;
    choice.aead_icv_bytes = row->icv_bytes;
  } else {
    return unsupported_cipher(file, encryption);
  }
  if (!has_suite(choice)) return unsupported_cipher(file, encryption);
  return choice;
}

Expected<IntegrityChoice> esp_sa_integrity(const KeyText& file, std::string_view encryption,
                                           std::string_view authentication) {
  if (encryption == gcm_of_any_icv) return IntegrityChoice{};
  const auto* const row = std::ranges::find(integrity_names, authentication, &IntegrityName::name);
  if (row == integrity_names.end()) {
    return file.error(authentication,
                      fmt::format("authentication {} is not supported", shown(authentication)),
                      supported_integrities());
  }
  return IntegrityChoice{row->integrity, authentication, {}};
}

std::string_view esp_sa_cipher_name(const crypto::Suite& suite) {
  const auto* const found = std::ranges::find_if(cipher_names, [&](const CipherName& row) {
    return row.cipher == suite.cipher && (row.icv_bytes == 0 || row.icv_bytes == suite.icv_bytes);
  });
  return found == cipher_names.end() ? std::string_view("?") : found->name;
}

std::string_view esp_sa_integrity_name(const crypto::Suite& suite) {
  const auto* const found = std::ranges::find(integrity_names, suite.integrity, &IntegrityName::integrity);
  return found == integrity_names.end() ? std::string_view("?") : found->name;
}

}  // namespace espgate::replay
