// SPDX-License-Identifier: Apache-2.0
#include "config/preshared_key.h"

#include "config/printable.h"
#include "config/secret_file.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <sys/stat.h>

namespace espgate::config {
namespace {

using Result = tl::expected<crypto::SecretBytes, std::string>;

constexpr std::size_t longest_key = 1024;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

Result from_hex(std::string_view digits) {
  if (digits.empty()) return tl::unexpected<std::string>("no hexadecimal digit stands behind 0x");
  if (std::ranges::any_of(digits, [](char c) { return hex_value(c) < 0; }))
    return tl::unexpected<std::string>(
        "it begins with 0x, and something behind that is not a hexadecimal digit");
  if (digits.size() % 2 != 0)
    return tl::unexpected(fmt::format("it has an odd number of hexadecimal digits ({})", digits.size()));
  crypto::SecretBytes key(digits.size() / 2);
  for (std::size_t i = 0; i < key.size(); ++i)
    key.data()[i] = static_cast<std::byte>(hex_value(digits[2 * i]) << 4 | hex_value(digits[2 * i + 1]));
  return key;
}

Result from_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.empty()) return tl::unexpected<std::string>("nothing stands behind 0s");
  if (text.size() % 4 == 1 || std::ranges::any_of(text, [](char c) { return base64_value(c) < 0; }))
    return tl::unexpected<std::string>("it begins with 0s, and what stands behind that is not base64");
  crypto::SecretBytes key(text.size() * 3 / 4);
  unsigned held = 0;
  unsigned bits = 0;
  std::size_t filled = 0;
  for (const char c : text) {
    held = (held << 6 | static_cast<unsigned>(base64_value(c))) & 0xffffU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    key.data()[filled++] = static_cast<std::byte>(held >> bits);
  }
  return key;
}

}  // namespace

Result parse_preshared_key(std::span<const std::byte> characters) {
  const std::string_view text(reinterpret_cast<const char*>(characters.data()), characters.size());
  if (text.empty()) return tl::unexpected<std::string>("it is empty");
  if (text.size() > 2 * longest_key) return tl::unexpected<std::string>("it is too long");
  if (text.starts_with("0x") || text.starts_with("0X")) return from_hex(text.substr(2));
  if (text.starts_with("0s") || text.starts_with("0S")) return from_base64(text.substr(2));
  if (std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }))
    return tl::unexpected<std::string>("it has a control character in it; write such a key as 0x…");
  return crypto::SecretBytes(characters);
}

tl::expected<crypto::SecretBytes, PresharedKeyFileError> read_preshared_key_file(
    const std::filesystem::path& path) {
  const std::string name = in_quotes(path.string());
  const auto fail = [&](std::string_view why, std::string hint = {}) {
    return tl::unexpected(
        PresharedKeyFileError{fmt::format("secret_file: {} {}", name, why), std::move(hint)});
  };
  const auto file = read_regular_secret_file(path, 4 * longest_key);
  if (!file) return fail(file.error());
  if ((file->mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(fmt::format("may be used by others than its owner (mode {:04o})", file->mode),
                "chmod 600 " + printable(path.string()));
  }
  std::span<const std::byte> characters = file->content.bytes();
  while (!characters.empty() &&
         (characters.back() == std::byte{'\n'} || characters.back() == std::byte{'\r'}))
    characters = characters.first(characters.size() - 1);
  auto key = parse_preshared_key(characters);
  if (!key) return fail("holds no key: " + key.error());
  return std::move(*key);
}

}  // namespace espgate::config
