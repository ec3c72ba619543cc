// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the key file formats share: places in the text, numbers, keys, and the way from algorithm names to a
// suite.

#include "crypto/secret.h"
#include "crypto/suite.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/sa_keys.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace espgate::replay {

// A key file's text. Everything parsed out of it stays a view into it, so that a view's place in the file can
// be told when an error needs it, and keys are nowhere else.
class KeyText {
 public:
  KeyText(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  [[nodiscard]] std::string_view text() const { return text_; }
  // "name:line" and "name:line:column" of a view into the text; lines and columns count from 1, columns in
  // bytes. Of any other view (a JSON string with escapes) only the name is known.
  [[nodiscard]] std::string line_of(std::string_view part) const;
  [[nodiscard]] std::string place_of(std::string_view part) const;
  [[nodiscard]] tl::unexpected<Error> error(std::string_view part, std::string what,
                                            std::string hint = {}) const;

 private:
  [[nodiscard]] std::optional<std::size_t> offset_of(std::string_view part) const;
  [[nodiscard]] std::size_t line_number(std::size_t offset) const;

  std::string_view text_;
  std::string_view name_;
};

// Text of a file as an error may show it: quoted, printable, short. What looks like a key is not shown.
[[nodiscard]] std::string shown(std::string_view text);

// Decimal, or hexadecimal behind 0x, as strtoul takes it with base 0 (but no octal). nullopt: not a number,
// or beyond 32 bits.
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view text);

[[nodiscard]] Expected<std::uint32_t> parse_spi(const KeyText& file, std::string_view part);
// 0.0.0.0 and :: both give the default address, "any".
[[nodiscard]] Expected<wire::IpAddress> parse_address(const KeyText& file, std::string_view part);
[[nodiscard]] Expected<std::uint16_t> parse_port(const KeyText& file, std::string_view part);
// "0x…" in hexadecimal (0x alone is the empty key), anything else stands for its own characters.
[[nodiscard]] Expected<crypto::SecretBytes> parse_key(const KeyText& file, std::string_view part);

// An algorithm as a key file gives it. `name` and `key` are views into the file, for messages.
struct CipherChoice {
  crypto::Cipher cipher = crypto::Cipher::null;
  std::uint8_t aead_icv_bytes = 0;  // AEADs only
  std::string_view name;
  std::string_view key;
};
struct IntegrityChoice {
  crypto::Integrity integrity = crypto::Integrity::none;
  std::string_view name;
  std::string_view key;
};

// Finds the suite of these algorithms, whose keys are already in `sa`, and checks the keys' lengths. Error at
// the name or key that is to blame.
[[nodiscard]] Expected<void> choose_suite(const KeyText& file, const CipherChoice& cipher,
                                          const IntegrityChoice& integrity, SaKeys& sa);
// Checks both keys of `sa` against sa.suite. The views are where the keys came from.
[[nodiscard]] Expected<void> check_key_lengths(const KeyText& file, std::string_view cipher_key,
                                               std::string_view integrity_key, const SaKeys& sa);

// By the kernel's names ("cbc(aes)", or its alias "aes"). `icv_bits`: truncation as the file gives it, 0 for
// the kernel's default. Error at `name`: not one of ours, or not with that truncation.
[[nodiscard]] Expected<CipherChoice> cipher_from_xfrm(const KeyText& file, std::string_view name);
[[nodiscard]] Expected<CipherChoice> aead_from_xfrm(const KeyText& file, std::string_view name,
                                                    unsigned icv_bits);
[[nodiscard]] Expected<IntegrityChoice> integrity_from_xfrm(const KeyText& file, std::string_view name,
                                                            unsigned icv_bits);

// Text that may hold keys, growing in memory that is wiped.
class SecretText {
 public:
  void append(std::string_view text);
  void append_hex(std::span<const std::byte> bytes);  // with 0x in front
  [[nodiscard]] std::string_view view() const;
  [[nodiscard]] crypto::SecretBytes take();

 private:
  void reserve(std::size_t more);

  crypto::SecretBytes memory_;
  std::size_t used_ = 0;
};

}  // namespace espgate::replay
