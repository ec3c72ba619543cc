// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the key file formats share: places in the text, numbers, keys, and the way from algorithm names to a
// suite.

#include "crypto/secret.h"
#include "dataplane/replay/error.h"
#include "wire/ip_address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
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

}  // namespace espgate::replay
