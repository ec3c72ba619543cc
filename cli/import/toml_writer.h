// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/gateway_draft.h"
#include "crypto/secret.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace espgate::openswan {

// Text in secret memory that grows; a larger piece takes the place of a smaller one, which is wiped.
class SecretText {
 public:
  void append(std::span<const std::byte> bytes);
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }
  [[nodiscard]] crypto::SecretBytes take() const { return crypto::SecretBytes(buffer_.bytes().first(used_)); }

 private:
  crypto::SecretBytes buffer_;
  std::size_t used_ = 0;
};

// A basic string of TOML.
[[nodiscard]] std::string toml_string(std::string_view text);
// What a comment may say: one line, and ASCII, as a name in an old file may be no UTF-8, and TOML has to be.
[[nodiscard]] std::string comment(std::string_view text);

// Writes a configuration line by line: once with its keys and once with them covered.
class TomlWriter {
 public:
  void line(const std::string& text);
  void line(std::string setting, std::string_view origin);
  // `value` is TOML already.
  void setting(std::string_view key, const std::string& value, std::string_view origin) {
    line(fmt::format("{} = {}", key, value), origin);
  }
  void secret(const crypto::SecretBytes& key, const std::string& origin);
  // A place that somebody has to fill in, with an example.
  void missing(std::string_view key, const std::string& example, std::string_view what);
  void text_or_missing(std::string_view key, const std::string& value, const std::string& example,
                       std::string_view what);
  // What is not given is left out.
  template <typename T>
  void number(std::string_view key, const MaybeGiven<T>& number) {
    if (number) setting(key, fmt::format("{}", number->value), number->origin);
  }
  void text(std::string_view key, const MaybeGiven<std::string>& text) {
    if (text) setting(key, toml_string(text->value), text->origin);
  }
  // One value a line, each with its origin.
  void list(std::string_view key, const std::vector<Given<std::string>>& values);

  [[nodiscard]] DraftText take() { return {text_.take(), covered_.take(), std::move(missing_)}; }

 private:
  SecretText text_, covered_;
  std::vector<unsigned> missing_;
  unsigned lines_ = 0;
};

}  // namespace espgate::openswan
