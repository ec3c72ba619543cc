// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_packet.h"

#include "control/aaa/radius_attributes.h"
#include "crypto/ike_hash.h"

#include <algorithm>

namespace espgate::control::radius {
namespace {

using crypto::IkeHash;

constexpr std::size_t header_bytes = 20;
constexpr std::size_t authenticator_at = 4;
constexpr std::size_t authenticator_bytes = 16;
constexpr std::size_t attribute_header = 2;
constexpr std::size_t vendor_header = attribute_header + 4 + attribute_header;
constexpr std::size_t message_authenticator_at = header_bytes + attribute_header;
constexpr std::array<std::byte, authenticator_bytes> zeros{};

Octets octets_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::array<std::byte, 4> big_endian(std::uint32_t number) {
  return {std::byte(number >> 24), std::byte(number >> 16 & 0xff), std::byte(number >> 8 & 0xff),
          std::byte(number & 0xff)};
}

Authenticator md5(crypto::Parts parts) {
  Authenticator digest;
  std::ranges::copy(crypto::hash(IkeHash::md5, parts).span(), digest.begin());
  return digest;
}

// One attribute after another of what parse() has checked.
template <typename Visit>
void for_each_attribute(Octets packet, Visit visit) {
  for (std::size_t at = header_bytes; at < packet.size();) {
    const auto length = std::to_integer<std::size_t>(packet[at + 1]);
    visit(std::to_integer<std::uint8_t>(packet[at]), at + attribute_header,
          packet.subspan(at + attribute_header, length - attribute_header));
    at += length;
  }
}

bool attributes_fit(Octets attributes) {
  while (!attributes.empty()) {
    if (attributes.size() < attribute_header) return false;
    const auto length = std::to_integer<std::size_t>(attributes[1]);
    if (length < attribute_header || length > attributes.size()) return false;
    attributes = attributes.subspan(length);
  }
  return true;
}

// What stands behind a Vendor-Id, in the format that RFC 2865 §5.26 recommends.
void append_vendor_attributes(Octets value, std::vector<Attribute>& to) {
  if (value.size() < 4 || !attributes_fit(value.subspan(4))) return;
  std::uint32_t vendor = 0;
  for (const std::byte byte : value.first(4)) vendor = vendor << 8 | std::to_integer<std::uint32_t>(byte);
  Octets left = value.subspan(4);
  while (!left.empty() && vendor != 0) {
    const auto length = std::to_integer<std::size_t>(left[1]);
    to.push_back({std::to_integer<std::uint8_t>(left[0]), vendor,
                  left.subspan(attribute_header, length - attribute_header)});
    left = left.subspan(length);
  }
}

}  // namespace

RequestBuilder::RequestBuilder(Code code, std::uint8_t identifier, const Authenticator& random)
    : packet_(header_bytes) {
  packet_[0] = std::byte(code);
  packet_[1] = std::byte(identifier);
  if (code != Code::access_request) return;
  std::ranges::copy(random, packet_.begin() + authenticator_at);
  add(type::message_authenticator, zeros);
}

bool RequestBuilder::fits(std::size_t value_bytes, std::size_t most) {
  const bool does = value_bytes != 0 && value_bytes <= most &&
                    packet_.size() + vendor_header + value_bytes <= largest_packet;
  complete_ = complete_ && does;
  return does;
}

void RequestBuilder::add(std::uint8_t type, Octets value) {
  if (!fits(value.size(), longest_value)) return;
  packet_.push_back(std::byte(type));
  packet_.push_back(std::byte(attribute_header + value.size()));
  packet_.insert(packet_.end(), value.begin(), value.end());
}

void RequestBuilder::add(std::uint8_t type, std::string_view text) { add(type, octets_of(text)); }

void RequestBuilder::add_number(std::uint8_t type, std::uint32_t number) { add(type, big_endian(number)); }

void RequestBuilder::add_vendor(std::uint32_t vendor, std::uint8_t type, Octets value) {
  if (!fits(value.size(), longest_vendor_value)) return;
  packet_.push_back(std::byte(type::vendor_specific));
  packet_.push_back(std::byte(vendor_header + value.size()));
  const auto id = big_endian(vendor);
  packet_.insert(packet_.end(), id.begin(), id.end());
  packet_.push_back(std::byte(type));
  packet_.push_back(std::byte(attribute_header + value.size()));
  packet_.insert(packet_.end(), value.begin(), value.end());
}

// b1 = MD5(secret | Request Authenticator), b2 = MD5(secret | c1), …; c = p xor b.
void RequestBuilder::add_password(Octets password, Octets secret) {
  const std::size_t blocks = (password.size() + authenticator_bytes - 1) / authenticator_bytes;
  if (!fits(blocks * authenticator_bytes, longest_password)) return;
  packet_.push_back(std::byte{type::user_password});
  packet_.push_back(std::byte(attribute_header + blocks * authenticator_bytes));
  Authenticator before = authenticator_of(packet_);
  for (std::size_t at = 0; at < password.size(); at += authenticator_bytes) {
    Authenticator block = md5({secret, before});
    const Octets clear = password.subspan(at, std::min(authenticator_bytes, password.size() - at));
    for (std::size_t i = 0; i < clear.size(); ++i) block[i] ^= clear[i];
    packet_.insert(packet_.end(), block.begin(), block.end());
    before = block;
  }
}

std::optional<std::vector<std::byte>> RequestBuilder::finish(Octets secret) {
  if (!complete_) return std::nullopt;
  packet_[2] = std::byte(packet_.size() >> 8);
  packet_[3] = std::byte(packet_.size() & 0xff);
  if (Code{std::to_integer<std::uint8_t>(packet_[0])} == Code::access_request) {
    const auto mac = crypto::prf_value(IkeHash::md5, secret, {packet_});
    std::ranges::copy(mac.span(), packet_.begin() + message_authenticator_at);
  } else {
    std::ranges::copy(md5({packet_, secret}), packet_.begin() + authenticator_at);
  }
  return std::move(packet_);
}

Authenticator authenticator_of(Octets request) {
  Authenticator authenticator;
  std::ranges::copy(request.subspan(authenticator_at, authenticator_bytes), authenticator.begin());
  return authenticator;
}

std::optional<Reply> Reply::parse(Octets datagram) {
  if (datagram.size() < header_bytes) return std::nullopt;
  const std::size_t length =
      std::to_integer<std::size_t>(datagram[2]) << 8 | std::to_integer<std::size_t>(datagram[3]);
  if (length < header_bytes || length > datagram.size() || length > largest_packet) return std::nullopt;
  const Octets packet = datagram.first(length);
  if (!attributes_fit(packet.subspan(header_bytes))) return std::nullopt;
  return Reply(packet);
}

bool Reply::has_message_authenticator() const {
  bool found = false;
  for_each_attribute(packet_, [&](std::uint8_t type, std::size_t, Octets) {
    found = found || type == type::message_authenticator;
  });
  return found;
}

bool Reply::is_authentic(const Authenticator& request, Octets secret) const {
  const Octets head = packet_.first(authenticator_at);
  const Octets attributes = packet_.subspan(header_bytes);
  const Authenticator expected = md5({head, request, attributes, secret});
  bool right = crypto::equal_in_constant_time(expected, authenticator_of(packet_));
  for_each_attribute(packet_, [&](std::uint8_t type, std::size_t at, Octets value) {
    if (type != type::message_authenticator) return;
    if (value.size() != authenticator_bytes) {
      right = false;
      return;
    }
    // Over the packet with zeros in its place, and with the request's authenticator in that of the reply's.
    const auto mac = crypto::prf_value(IkeHash::md5, secret,
                                       {head, request, packet_.subspan(header_bytes, at - header_bytes),
                                        zeros, packet_.subspan(at + authenticator_bytes)});
    right = right && crypto::equal_in_constant_time(mac.span(), value);
  });
  return right;
}

std::vector<Attribute> Reply::attributes() const {
  std::vector<Attribute> found;
  for_each_attribute(packet_, [&](std::uint8_t type, std::size_t, Octets value) {
    if (type == type::vendor_specific) {
      append_vendor_attributes(value, found);
    } else {
      found.push_back({type, 0, value});
    }
  });
  return found;
}

}  // namespace espgate::control::radius
