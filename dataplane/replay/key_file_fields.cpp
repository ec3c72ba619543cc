// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_fields.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

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

}  // namespace espgate::replay
