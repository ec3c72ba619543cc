// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <functional>
#include <set>

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

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Keys end up in the wrong place when a column or a word is missing.
bool may_hold_key(std::string_view text) {
  constexpr std::size_t shortest_key_digits = 16;
  std::size_t run = 0;
  for (const char c : text) {
    run = hex_digit(c) >= 0 ? run + 1 : 0;
    if (run == shortest_key_digits) return true;
  }
  return false;
}

bool starts_with_0x(std::string_view text) {
  return text.size() >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
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

std::size_t KeyText::line_number(std::size_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

std::optional<std::size_t> KeyText::offset_of(std::string_view part) const {
  const std::less_equal<> not_behind;
  if (!not_behind(text_.data(), part.data()) || !not_behind(part.data(), text_.data() + text_.size())) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(part.data() - text_.data());
}

std::string KeyText::line_of(std::string_view part) const {
  const auto offset = offset_of(part);
  return offset ? fmt::format("{}:{}", name_, line_number(*offset)) : std::string(name_);
}

std::string KeyText::place_of(std::string_view part) const {
  const auto found = offset_of(part);
  if (!found) return std::string(name_);
  const std::size_t offset = *found;
  const std::size_t line_end = text_.substr(0, offset).rfind('\n');
  const std::size_t column = line_end == std::string_view::npos ? offset + 1 : offset - line_end;
  return fmt::format("{}:{}:{}", name_, line_number(offset), column);
}

tl::unexpected<Error> KeyText::error(std::string_view part, std::string what, std::string hint) const {
  return fail({std::move(what), place_of(part), std::move(hint), ErrorKind::input});
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  if (may_hold_key(text)) return fmt::format("{} characters that may be a key", text.size());
  std::string out = "\"";
  for (const char c : text.substr(0, most)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > most ? "…\"" : "\"");
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  const bool hex = starts_with_0x(text);
  if (hex) text.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Expected<std::uint32_t> parse_spi(const KeyText& file, std::string_view part) {
  const auto spi = parse_number(part);
  if (!spi) return file.error(part, fmt::format("expected an SPI like 0x1a2b3c4d, got {}", shown(part)));
  if (*spi == 0) return file.error(part, "SPI 0 is never sent (RFC 4303 §2.1)");
  return *spi;
}

Expected<wire::IpAddress> parse_address(const KeyText& file, std::string_view part) {
  const auto address = wire::IpAddress::from_string(part);
  if (!address) return file.error(part, fmt::format("expected an IPv4 or IPv6 address, got {}", shown(part)));
  return *address == wire::IpAddress::v4(0) ? wire::IpAddress() : *address;
}

Expected<std::uint16_t> parse_port(const KeyText& file, std::string_view part) {
  const auto port = parse_number(part);
  if (!port || *port > 0xffff)
    return file.error(part, fmt::format("expected a UDP port, got {}", shown(part)));
  return static_cast<std::uint16_t>(*port);
}

Expected<crypto::SecretBytes> parse_key(const KeyText& file, std::string_view part) {
  if (!starts_with_0x(part)) return crypto::SecretBytes(std::as_bytes(std::span(part)));
  const std::string_view digits = part.substr(2);
  const auto bad = std::ranges::find_if(digits, [](char c) { return hex_digit(c) < 0; });
  if (bad != digits.end()) {
    return file.error(digits.substr(static_cast<std::size_t>(bad - digits.begin())),
                      "a key behind 0x holds something that is not a hexadecimal digit");
  }
  if (digits.size() % 2 != 0) {
    return file.error(part, fmt::format("a key has an odd number of hexadecimal digits ({})", digits.size()),
                      "a digit is missing; leading zeros must be written");
  }
  crypto::SecretBytes key(digits.size() / 2);
  for (std::size_t i = 0; i < key.size(); ++i) {
    key.data()[i] = static_cast<std::byte>(hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]));
  }
  return key;
}

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

void SecretText::reserve(std::size_t more) {
  if (used_ + more <= memory_.size()) return;
  crypto::SecretBytes larger(std::max({std::size_t{4096}, 2 * memory_.size(), used_ + more}));
  if (used_ != 0) std::memcpy(larger.data(), memory_.data(), used_);
  memory_ = std::move(larger);
}

void SecretText::append(std::string_view text) {
  if (text.empty()) return;
  reserve(text.size());
  std::memcpy(memory_.data() + used_, text.data(), text.size());
  used_ += text.size();
}

void SecretText::append_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  append("0x");
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    append({&digits[value >> 4], 1});
    append({&digits[value & 15], 1});
  }
}

std::string_view SecretText::view() const {
  return used_ == 0 ? std::string_view()
                    : std::string_view(reinterpret_cast<const char*>(memory_.data()), used_);
}

crypto::SecretBytes SecretText::take() { return crypto::SecretBytes(std::as_bytes(std::span(view()))); }

}  // namespace espgate::replay
