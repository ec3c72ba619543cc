// SPDX-License-Identifier: Apache-2.0
#include "wire/dhcp.h"

#include "wire/big_endian.h"

#include <algorithm>

namespace espgate::wire {
namespace {

// Offsets in the fixed header (RFC 2131 §2, figure 1).
constexpr std::size_t hardware_length_at = 2, transaction_at = 4, flags_at = 10, ciaddr_at = 12,
                      chaddr_at = 28, cookie_at = 236;
constexpr std::size_t chaddr_bytes = 16;
constexpr std::size_t least_message = 300;
constexpr std::uint32_t magic_cookie = 0x63825363;
constexpr std::byte boot_request{1}, boot_reply{2};

struct Option {
  DhcpOption type = DhcpOption::end;
  Bytes value;
};

// The next option, past pads. nullopt: the end mark, or the end of the bytes.
Expected<std::optional<Option>> next_option(Bytes& rest) {
  while (!rest.empty() && rest.front() == std::byte{0}) rest = rest.subspan(1);
  if (rest.empty() || rest.front() == std::byte{255}) return std::optional<Option>();
  if (rest.size() < 2) return fail(ParseError::bad_length);
  const auto length = std::to_integer<std::size_t>(rest[1]);
  if (rest.size() < 2 + length) return fail(ParseError::bad_length);
  const Option option{DhcpOption{std::to_integer<std::uint8_t>(rest[0])}, rest.subspan(2, length)};
  rest = rest.subspan(2 + length);
  return std::optional(option);
}

std::size_t significant_bytes(std::uint8_t prefix_length) { return (prefix_length + std::size_t{7}) / 8; }

}  // namespace

DhcpRequest::DhcpRequest(Bytes payload)
    : header_(payload.first(dhcp_header_length)),
      options_(payload.subspan(dhcp_header_length)),
      transaction_(load_big_endian<std::uint32_t>(payload.data() + transaction_at)),
      client_address_(load_big_endian<std::uint32_t>(payload.data() + ciaddr_at)),
      flags_(load_big_endian<std::uint16_t>(payload.data() + flags_at)) {}

Expected<DhcpRequest> DhcpRequest::parse(Bytes payload) {
  if (payload.size() < dhcp_header_length) return fail(ParseError::truncated);
  if (payload.front() != boot_request ||
      std::to_integer<std::size_t>(payload[hardware_length_at]) > chaddr_bytes ||
      load_big_endian<std::uint32_t>(payload.data() + cookie_at) != magic_cookie) {
    return fail(ParseError::bad_version);
  }
  Bytes rest = payload.subspan(dhcp_header_length);
  for (;;) {
    const auto option = next_option(rest);
    if (!option) return fail(option.error());
    if (!*option) return DhcpRequest(payload);
  }
}

std::optional<Bytes> DhcpRequest::option(DhcpOption type) const {
  Bytes rest = options_;
  for (;;) {
    const auto option = next_option(rest);
    if (!option || !*option) return std::nullopt;
    if ((*option)->type == type) return (*option)->value;
  }
}

std::optional<std::uint8_t> DhcpRequest::message_type() const {
  const auto value = option(DhcpOption::message_type);
  if (!value || value->size() != 1) return std::nullopt;
  return std::to_integer<std::uint8_t>(value->front());
}

bool DhcpRequest::wants(DhcpOption type) const {
  const auto list = option(DhcpOption::parameter_list);
  return !list || std::ranges::find(*list, std::byte(type)) != list->end();
}

std::size_t encoded_bytes(const DhcpRoute& route) {
  return 1 + significant_bytes(route.destination.length) + 4;
}

std::vector<std::byte> encode_dhcp_routes(std::span<const DhcpRoute> routes) {
  std::vector<std::byte> value;
  for (const DhcpRoute& route : routes) {
    const std::size_t begin = value.size(), bytes = significant_bytes(route.destination.length);
    value.resize(begin + 1 + 4 + 4);
    value[begin] = std::byte(route.destination.length);
    store_big_endian(value.data() + begin + 1, route.destination.network().address);
    store_big_endian(value.data() + begin + 1 + bytes, route.router);  // over the bytes that are not needed
    value.resize(begin + encoded_bytes(route));
  }
  return value;
}

Expected<std::vector<DhcpRoute>> decode_dhcp_routes(Bytes value) {
  std::vector<DhcpRoute> routes;
  while (!value.empty()) {
    const auto length = std::to_integer<std::uint8_t>(value.front());
    const std::size_t bytes = significant_bytes(length);
    if (length > 32 || value.size() < 1 + bytes + 4) return fail(ParseError::bad_length);
    std::array<std::byte, 4> address{};
    std::ranges::copy(value.subspan(1, bytes), address.begin());
    routes.push_back({Ipv4Prefix{load_big_endian<std::uint32_t>(address.data()), length}.network(),
                      load_big_endian<std::uint32_t>(value.data() + 1 + bytes)});
    value = value.subspan(1 + bytes + 4);
  }
  return routes;
}

DhcpReplyBuilder::DhcpReplyBuilder(const DhcpRequest& request, DhcpMessageType type,
                                   std::uint32_t server_host_order)
    : message_(dhcp_header_length) {
  message_[0] = boot_reply;
  message_[1] = std::byte(request.hardware_type());
  message_[hardware_length_at] = std::byte(request.hardware_length());
  store_big_endian(message_.data() + transaction_at, request.transaction());
  store_big_endian(message_.data() + flags_at, request.flags());
  store_big_endian(message_.data() + ciaddr_at, request.client_address());
  std::ranges::copy(request.hardware_address(), message_.begin() + chaddr_at);
  store_big_endian(message_.data() + cookie_at, magic_cookie);
  const std::byte type_byte{static_cast<std::uint8_t>(type)};
  option(DhcpOption::message_type, Bytes(&type_byte, 1));
  addresses(DhcpOption::server_identifier, std::span(&server_host_order, 1));
}

DhcpReplyBuilder& DhcpReplyBuilder::option(DhcpOption type, Bytes value) {
  while (!value.empty()) {
    const Bytes part = value.first(std::min<std::size_t>(value.size(), 255));
    message_.push_back(std::byte(type));
    message_.push_back(std::byte(part.size()));
    message_.insert(message_.end(), part.begin(), part.end());
    value = value.subspan(part.size());
  }
  return *this;
}

DhcpReplyBuilder& DhcpReplyBuilder::addresses(DhcpOption type, std::span<const std::uint32_t> host_order) {
  std::vector<std::byte> value(4 * host_order.size());
  for (std::size_t i = 0; i < host_order.size(); ++i) store_big_endian(value.data() + 4 * i, host_order[i]);
  return option(type, value);
}

std::vector<std::byte> DhcpReplyBuilder::finish() {
  message_.push_back(std::byte{255});
  if (message_.size() < least_message) message_.resize(least_message);
  return std::move(message_);
}

}  // namespace espgate::wire
