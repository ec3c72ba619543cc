// SPDX-License-Identifier: Apache-2.0
#include "wire/big_endian.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>

namespace espgate::wire {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
// A name of DNS has at most 255 bytes; nobody reads more of anything else.
constexpr std::size_t most_bytes_shown = 255;

void append_hex(std::string& text, std::byte byte) {
  text += hex_digits[std::to_integer<unsigned>(byte >> 4)];
  text += hex_digits[std::to_integer<unsigned>(byte & std::byte{15})];
}

std::string hex_text(Bytes bytes) {
  std::string text = "0x";
  for (const std::byte byte : bytes.first(std::min(bytes.size(), most_bytes_shown))) append_hex(text, byte);
  if (bytes.size() > most_bytes_shown) text += "...";
  return text;
}

// What a peer calls itself, safe to print: nothing but visible ASCII, and no space, so that a name can't
// pretend to be more than a name.
std::string name_text(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes.first(std::min(bytes.size(), most_bytes_shown))) {
    const char character = static_cast<char>(byte);
    if (character > ' ' && character <= '~' && character != '\\') {
      text += character;
    } else {
      text += "\\x";
      append_hex(text, byte);
    }
  }
  if (bytes.size() > most_bytes_shown) text += "...";
  return text;
}

// Of 4 or of 16 bytes.
std::string address_text(Bytes bytes) {
  if (bytes.size() == 4) return IpAddress::v4(load_big_endian<std::uint32_t>(bytes.data())).to_string();
  std::array<std::byte, 16> all{};
  std::ranges::copy(bytes, all.begin());
  return IpAddress(all).to_string();
}

// The ones at the mask's beginning; nullopt when another one follows behind a zero.
std::optional<unsigned> prefix_length(Bytes mask) {
  unsigned ones = 0;
  bool ended = false;
  for (const std::byte byte : mask) {
    const auto bits = std::to_integer<std::uint8_t>(byte);
    const int leading = std::countl_one(bits);
    if (leading != std::popcount(bits) || (ended && bits != 0)) return std::nullopt;
    ones += static_cast<unsigned>(leading);
    ended = leading < 8;
  }
  return ones;
}

// Two addresses of the same length, of which the second is a mask.
std::string subnet_text(Bytes data) {
  const Bytes address = data.first(data.size() / 2);
  const Bytes mask = data.subspan(data.size() / 2);
  const auto length = prefix_length(mask);
  return address_text(address) + '/' + (length ? std::to_string(*length) : address_text(mask));
}

std::string range_text(Bytes data) {
  return address_text(data.first(data.size() / 2)) + '-' + address_text(data.subspan(data.size() / 2));
}

std::string data_text(IsakmpIdType type, Bytes data) {
  switch (type) {
    case IsakmpIdType::ipv4_address:
    case IsakmpIdType::ipv6_address:
      return address_text(data);
    case IsakmpIdType::fqdn:
    case IsakmpIdType::user_fqdn:
      return name_text(data);
    case IsakmpIdType::ipv4_subnet:
    case IsakmpIdType::ipv6_subnet:
      return subnet_text(data);
    case IsakmpIdType::ipv4_range:
    case IsakmpIdType::ipv6_range:
      return range_text(data);
    default:
      return hex_text(data);
  }
}

std::string protocol_text(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
      return "icmp";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 58:
      return "icmpv6";
    default:
      return std::to_string(protocol);
  }
}

}  // namespace

std::string IsakmpIdentification::to_string() const {
  std::string text = data_text(IsakmpIdType{type}, data);
  if (protocol == 0) return text;
  return text + ' ' + protocol_text(protocol) + '/' + (port == 0 ? "any" : std::to_string(port));
}

}  // namespace espgate::wire
