// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_algorithms.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using crypto::Integrity;
using crypto::Suite;

// "128, 192 or 256"
template <typename Items>
std::string alternatives(const Items& items) {
  std::string text;
  std::size_t left = items.size();
  for (const auto& item : items) {
    text += fmt::format("{}", item);
    --left;
    if (left > 0) text += left == 1 ? " or " : ", ";
  }
  return text;
}

// Names that iproute2 and key managers use for what the kernel lists otherwise (the `compat` names of
// xfrm_algo.c).
std::string_view canonical(std::string_view name) {
  constexpr std::array<std::array<std::string_view, 2>, 8> aliases = {{{"aes", "cbc(aes)"},
                                                                       {"des3_ede", "cbc(des3_ede)"},
                                                                       {"cipher_null", "ecb(cipher_null)"},
                                                                       {"md5", "hmac(md5)"},
                                                                       {"sha1", "hmac(sha1)"},
                                                                       {"sha256", "hmac(sha256)"},
                                                                       {"sha384", "hmac(sha384)"},
                                                                       {"sha512", "hmac(sha512)"}}};
  const auto* const found = std::ranges::find_if(aliases, [&](const auto& pair) { return pair[0] == name; });
  return found == aliases.end() ? name : (*found)[1];
}

// The truncation that the kernel gives an `auth` without one (icv_truncbits of xfrm_algo.c). For SHA2-256 it
// is the 96 bits of the draft, not the 128 of RFC 4868.
unsigned default_icv_bits(std::string_view name) {
  if (name == "hmac(sha384)") return 192;
  if (name == "hmac(sha512)") return 256;
  return 96;
}

bool same_cipher(const Suite& suite, const CipherChoice& choice) {
  return suite.cipher == choice.cipher && (!suite.is_aead() || suite.icv_bytes == choice.aead_icv_bytes);
}

unsigned bits(std::size_t bytes) { return static_cast<unsigned>(8 * bytes); }

std::size_t cipher_key_bytes(const Suite& suite) {
  return std::size_t{suite.cipher_key_bytes} + suite.salt_bytes;
}

std::string_view with_salt(const Suite& suite) { return suite.salt_bytes != 0 ? " (with its salt)" : ""; }

}  // namespace

Expected<CipherChoice> cipher_from_xfrm(const KeyText& file, std::string_view name) {
  std::set<std::string_view> known;
  for (const Suite& suite : crypto::suites()) {
    if (suite.is_aead()) continue;
    if (suite.xfrm_cipher == canonical(name)) return CipherChoice{suite.cipher, 0, name, {}};
    known.insert(suite.xfrm_cipher);
  }
  return file.error(name, fmt::format("encryption algorithm {} is not supported", shown(name)),
                    fmt::format("supported: {}", alternatives(known)));
}

Expected<CipherChoice> aead_from_xfrm(const KeyText& file, std::string_view name, unsigned icv_bits) {
  std::set<std::string_view> known;
  std::set<unsigned> icvs;
  for (const Suite& suite : crypto::suites()) {
    if (!suite.is_aead()) continue;
    known.insert(suite.xfrm_cipher);
    if (suite.xfrm_cipher != name) continue;
    if (bits(suite.icv_bytes) == icv_bits) return CipherChoice{suite.cipher, suite.icv_bytes, name, {}};
    icvs.insert(bits(suite.icv_bytes));
  }
  if (icvs.empty()) {
    return file.error(name, fmt::format("AEAD algorithm {} is not supported", shown(name)),
                      fmt::format("supported: {}", alternatives(known)));
  }
  return file.error(name, fmt::format("{} with an ICV of {} bits is not supported", name, icv_bits),
                    fmt::format("supported: {} bits", alternatives(icvs)));
}

Expected<IntegrityChoice> integrity_from_xfrm(const KeyText& file, std::string_view name, unsigned icv_bits) {
  const std::string_view kernel_name = canonical(name);
  if (icv_bits == 0) icv_bits = default_icv_bits(kernel_name);
  std::set<std::string_view> known;
  std::set<unsigned> icvs;
  for (const Suite& suite : crypto::suites()) {
    if (suite.is_aead()) continue;
    known.insert(suite.xfrm_integrity);
    if (suite.xfrm_integrity != kernel_name) continue;
    if (suite.xfrm_icv_bits == icv_bits) return IntegrityChoice{suite.integrity, name, {}};
    icvs.insert(suite.xfrm_icv_bits);
  }
  if (icvs.empty()) {
    return file.error(name, fmt::format("authentication algorithm {} is not supported", shown(name)),
                      fmt::format("supported: {}", alternatives(known)));
  }
  return file.error(name, fmt::format("{} truncated to {} bits is not supported", name, icv_bits),
                    fmt::format("supported: {} bits", alternatives(icvs)));
}

Expected<void> choose_suite(const KeyText& file, const CipherChoice& cipher, const IntegrityChoice& integrity,
                            SaKeys& sa) {
  std::set<unsigned> lengths;
  std::set<std::string_view> partners;
  std::optional<crypto::SuiteId> chosen;
  std::string_view salt_note;
  for (std::size_t i = 0; i < crypto::suites().size(); ++i) {
    const Suite& suite = crypto::suites()[i];
    if (!same_cipher(suite, cipher)) continue;
    lengths.insert(bits(cipher_key_bytes(suite)));
    salt_note = with_salt(suite);
    if (cipher_key_bytes(suite) != sa.cipher_key.size()) continue;
    partners.insert(suite.name);
    if (suite.integrity == integrity.integrity) chosen = static_cast<crypto::SuiteId>(i);
  }
  if (!lengths.contains(bits(sa.cipher_key.size()))) {
    return file.error(cipher.key, fmt::format("the key of {} has {} bits{}, expected {}", cipher.name,
                                              bits(sa.cipher_key.size()), salt_note, alternatives(lengths)));
  }
  if (!chosen) {
    return file.error(integrity.name.data() == nullptr ? cipher.name : integrity.name,
                      fmt::format("{} together with {} is not supported", cipher.name,
                                  integrity.integrity == Integrity::none ? "no integrity" : integrity.name),
                      fmt::format("suites with that cipher: {}", alternatives(partners)));
  }
  sa.suite = *chosen;
  const std::size_t expected = crypto::suite(*chosen).integrity_key_bytes;
  if (sa.integrity_key.size() == expected) return {};
  return file.error(integrity.key, fmt::format("the key of {} has {} bits, expected {}", integrity.name,
                                               bits(sa.integrity_key.size()), bits(expected)));
}

Expected<void> check_key_lengths(const KeyText& file, std::string_view cipher_key,
                                 std::string_view integrity_key, const SaKeys& sa) {
  const Suite& suite = crypto::suite(sa.suite);
  if (sa.cipher_key.size() != cipher_key_bytes(suite)) {
    return file.error(
        cipher_key, fmt::format("the cipher key of {} has {} bits{}, expected {}", suite.name,
                                bits(sa.cipher_key.size()), with_salt(suite), bits(cipher_key_bytes(suite))));
  }
  if (sa.integrity_key.size() != suite.integrity_key_bytes) {
    return file.error(integrity_key,
                      fmt::format("the integrity key of {} has {} bits, expected {}", suite.name,
                                  bits(sa.integrity_key.size()), bits(suite.integrity_key_bytes)));
  }
  return {};
}

}  // namespace espgate::replay
