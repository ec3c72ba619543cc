// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/ip_address.h"
#include "wire/parse.h"

#include <cassert>

namespace espgate::wire {

struct Ipv6Header {  // RFC 8200 §3
  be32 version_class_flow;
  be16 payload_length;
  std::uint8_t next_header;
  std::uint8_t hop_limit;
  std::array<std::byte, 16> source;
  std::array<std::byte, 16> destination;
};
static_assert(sizeof(Ipv6Header) == 40 && alignof(Ipv6Header) == 1);

// An IPv6 packet whose length agrees with the bytes there. Extension headers are not walked: next_header() is
// that of the fixed header and payload() begins with whatever it names. Jumbograms (RFC 2675) look like empty
// packets.
class Ipv6Packet {
 public:
  // Bytes beyond the payload length are link padding and ignored.
  [[nodiscard]] static Expected<Ipv6Packet> parse(Bytes bytes) {
    if (bytes.size() < sizeof(Ipv6Header)) return fail(ParseError::truncated);
    if (std::to_integer<unsigned>(bytes[0]) >> 4 != 6) return fail(ParseError::bad_version);
    const std::size_t total_length = sizeof(Ipv6Header) + load_big_endian<std::uint16_t>(bytes.data() + 4);
    if (total_length > bytes.size()) return fail(ParseError::truncated);
    return Ipv6Packet(bytes.first(total_length));
  }

  [[nodiscard]] std::size_t header_length() const { return sizeof(Ipv6Header); }
  [[nodiscard]] std::size_t total_length() const { return packet_.size(); }
  [[nodiscard]] std::uint8_t traffic_class() const { return static_cast<std::uint8_t>(first_word() >> 20); }
  [[nodiscard]] std::uint32_t flow_label() const { return first_word() & 0xfffff; }
  [[nodiscard]] std::uint8_t next_header() const { return std::to_integer<std::uint8_t>(packet_[6]); }
  [[nodiscard]] std::uint8_t hop_limit() const { return std::to_integer<std::uint8_t>(packet_[7]); }
  [[nodiscard]] IpAddress source() const { return address_at(8); }
  [[nodiscard]] IpAddress destination() const { return address_at(24); }
  [[nodiscard]] Bytes bytes() const { return packet_; }  // without link padding
  [[nodiscard]] Bytes payload() const { return packet_.subspan(sizeof(Ipv6Header)); }

 private:
  explicit Ipv6Packet(Bytes packet) : packet_(packet) {}

  [[nodiscard]] std::uint32_t first_word() const { return load_big_endian<std::uint32_t>(packet_.data()); }
  [[nodiscard]] IpAddress address_at(std::size_t offset) const {
    std::array<std::byte, 16> address;
    std::memcpy(address.data(), packet_.data() + offset, address.size());
    return IpAddress(address);
  }

  Bytes packet_;
};

struct Ipv6Fields {
  std::size_t payload_length = 0;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;  // 20 bits
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 64;
  // Spelled out for designated initializers that leave them out: compilers warn of members without one.
  IpAddress source = {};       // NOLINT(readability-redundant-member-init)
  IpAddress destination = {};  // NOLINT(readability-redundant-member-init)
};

// Writes the fixed header and returns 40.
inline std::size_t build_ipv6(MutableBytes buffer, const Ipv6Fields& fields) {
  assert(buffer.size() >= sizeof(Ipv6Header));
  assert(fields.payload_length <= 0xffff && fields.flow_label <= 0xfffff);
  const std::uint32_t first_word = 6u << 28 | std::uint32_t{fields.traffic_class} << 20 | fields.flow_label;
  store_header(
      buffer.data(),
      Ipv6Header{be32(first_word), be16(static_cast<std::uint16_t>(fields.payload_length)),
                 fields.next_header, fields.hop_limit, fields.source.bytes(), fields.destination.bytes()});
  return sizeof(Ipv6Header);
}

}  // namespace espgate::wire
