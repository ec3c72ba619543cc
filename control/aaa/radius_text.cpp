// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_text.h"

#include "wire/ip_address.h"

#include <algorithm>
#include <charconv>

namespace espgate::control::radius {
namespace {

constexpr std::size_t response_characters = 42;  // "S=" and a SHA-1 in hexadecimal

std::string_view text_of(Octets value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

// The next word of `text`, apart by blanks; empty: there is none.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

template <typename Number>
std::optional<Number> number_of(std::string_view word) {
  Number value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::uint8_t length_of_class(std::uint32_t address) {
  if ((address & 0x80000000U) == 0) return 8;
  return (address & 0x40000000U) == 0 ? 16 : 24;
}

std::optional<wire::Ipv4Prefix> prefix_of(std::string_view word) {
  auto prefix = wire::Ipv4Prefix::from_string(word);
  if (!prefix) return std::nullopt;
  if (word.find('/') == std::string_view::npos) prefix->length = length_of_class(prefix->address);
  const std::uint32_t first_byte = prefix->address >> 24;
  const bool is_default = prefix->address == 0 && prefix->length == 0;
  if (prefix->network() != *prefix || first_byte == 127 || first_byte >= 224) return std::nullopt;
  return first_byte == 0 && !is_default ? std::nullopt : prefix;
}

// What stands behind "M=" at the end of a Success or Failure packet.
std::string message_of(std::string_view text) {
  const std::size_t at = text.find(" M=");
  return at == std::string_view::npos ? std::string() : std::string(text.substr(at + 3));
}

bool is_hexadecimal(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

}  // namespace

std::optional<FramedRoute> parse_framed_route(std::string_view text) {
  const auto prefix = prefix_of(take_word(text));
  if (!prefix) return std::nullopt;
  FramedRoute route{.prefix = *prefix};
  const std::string_view gateway = take_word(text);
  if (gateway.empty()) return route;
  const auto address = wire::IpAddress::from_string(gateway);
  if (!address || !address->is_v4()) return std::nullopt;
  route.gateway = address->as_v4();
  for (bool is_first = true;; is_first = false) {
    const std::string_view word = take_word(text);
    if (word.empty()) return route;
    const auto metric = number_of<std::int64_t>(word);
    if (!metric || (is_first && (*metric < 0 || *metric > UINT32_MAX))) return std::nullopt;
    if (is_first) route.metric = static_cast<std::uint32_t>(*metric);
  }
}

std::optional<MsChapError> parse_ms_chap_error(Octets value) {
  std::string_view text = text_of(value);
  if (!text.starts_with("E=") && !text.empty()) text.remove_prefix(1);
  if (!text.starts_with("E=")) return std::nullopt;
  const auto error = number_of<unsigned>(text.substr(2, text.find(' ') - 2));
  if (!error) return std::nullopt;
  return MsChapError{*error, message_of(text)};
}

std::optional<MsChap2Success> parse_ms_chap2_success(Octets value) {
  const std::string_view text = text_of(value);
  const std::string_view response = text.substr(std::min<std::size_t>(1, text.size()), response_characters);
  if (response.size() != response_characters || !response.starts_with("S=") ||
      !std::ranges::all_of(response.substr(2), is_hexadecimal))
    return std::nullopt;
  return MsChap2Success{std::to_integer<std::uint8_t>(value.front()), std::string(response),
                        message_of(text.substr(1 + response_characters))};
}

}  // namespace espgate::control::radius
