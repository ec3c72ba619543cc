// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/checksum.h"

#include <cassert>

namespace espgate::wire {

inline constexpr std::uint8_t ip_protocol_icmp = 1;
inline constexpr std::uint8_t ip_protocol_ipv4 = 4;
inline constexpr std::uint8_t ip_protocol_tcp = 6;
inline constexpr std::uint8_t ip_protocol_udp = 17;
inline constexpr std::uint8_t ip_protocol_ipv6 = 41;
inline constexpr std::uint8_t ip_protocol_esp = 50;
inline constexpr std::uint8_t ip_protocol_icmpv6 = 58;

struct Ipv4Header {  // RFC 791 §3.1, without options
  std::uint8_t version_ihl;
  std::uint8_t dscp_ecn;
  be16 total_length;
  be16 identification;
  be16 flags_fragment;
  std::uint8_t ttl;
  std::uint8_t protocol;
  be16 checksum;
  be32 source;
  be32 destination;
};
static_assert(sizeof(Ipv4Header) == 20 && alignof(Ipv4Header) == 1);

inline constexpr std::uint16_t ipv4_dont_fragment = 0x4000;
inline constexpr std::uint16_t ipv4_more_fragments = 0x2000;
inline constexpr std::uint16_t ipv4_fragment_mask = 0x1fff;  // in units of 8 bytes

// An IPv4 packet whose lengths agree with the bytes there. The header checksum is not part of parse(): a NIC
// has often checked it already.
class Ipv4Packet {
 public:
  // Bytes beyond the total length are link padding and ignored.
  [[nodiscard]] static Expected<Ipv4Packet> parse(Bytes bytes) {
    if (bytes.size() < sizeof(Ipv4Header)) return fail(ParseError::truncated);
    const auto version_ihl = std::to_integer<unsigned>(bytes[0]);
    if (version_ihl >> 4 != 4) return fail(ParseError::bad_version);
    const std::size_t header_length = (version_ihl & 0x0f) * std::size_t{4};
    if (header_length < sizeof(Ipv4Header) || header_length > bytes.size()) {
      return fail(ParseError::bad_header_length);
    }
    const std::size_t total_length = load_big_endian<std::uint16_t>(bytes.data() + 2);
    if (total_length < header_length) return fail(ParseError::bad_length);
    if (total_length > bytes.size()) return fail(ParseError::truncated);
    return Ipv4Packet(bytes.data(), header_length, total_length);
  }

  [[nodiscard]] std::size_t header_length() const { return header_length_; }
  [[nodiscard]] std::size_t total_length() const { return total_length_; }
  [[nodiscard]] std::uint8_t dscp_ecn() const { return std::to_integer<std::uint8_t>(data_[1]); }
  [[nodiscard]] std::uint16_t identification() const { return load_big_endian<std::uint16_t>(data_ + 4); }
  [[nodiscard]] bool dont_fragment() const { return (flags_fragment() & ipv4_dont_fragment) != 0; }
  [[nodiscard]] bool more_fragments() const { return (flags_fragment() & ipv4_more_fragments) != 0; }
  [[nodiscard]] bool is_fragment() const {
    return (flags_fragment() & (ipv4_more_fragments | ipv4_fragment_mask)) != 0;
  }
  // In bytes. With the payload it may reach beyond 65535; reassembly has to look.
  [[nodiscard]] std::size_t fragment_offset() const {
    return static_cast<std::size_t>(flags_fragment() & ipv4_fragment_mask) * 8;
  }
  [[nodiscard]] std::uint8_t ttl() const { return std::to_integer<std::uint8_t>(data_[8]); }
  [[nodiscard]] std::uint8_t protocol() const { return std::to_integer<std::uint8_t>(data_[9]); }
  // Addresses in host order.
  [[nodiscard]] std::uint32_t source() const { return load_big_endian<std::uint32_t>(data_ + 12); }
  [[nodiscard]] std::uint32_t destination() const { return load_big_endian<std::uint32_t>(data_ + 16); }
  // Without link padding.
  [[nodiscard]] Bytes bytes() const { return {data_, total_length_}; }
  // With options.
  [[nodiscard]] Bytes header() const { return {data_, header_length_}; }
  [[nodiscard]] Bytes payload() const { return bytes().subspan(header_length_); }
  [[nodiscard]] bool header_checksum_valid() const { return internet_checksum(header()) == 0; }

 private:
  Ipv4Packet(const std::byte* data, std::size_t header_length, std::size_t total_length)
      : data_(data),
        header_length_(static_cast<std::uint16_t>(header_length)),
        total_length_(static_cast<std::uint16_t>(total_length)) {}

  [[nodiscard]] unsigned flags_fragment() const { return load_big_endian<std::uint16_t>(data_ + 6); }

  const std::byte* data_;
  std::uint16_t header_length_;
  std::uint16_t total_length_;
};

struct Ipv4Fields {
  std::size_t total_length = 0;  // header and payload
  std::uint8_t dscp_ecn = 0;
  std::uint16_t identification = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::size_t fragment_offset = 0;  // in bytes, a multiple of 8
  std::uint8_t ttl = 64;
  std::uint8_t protocol = 0;
  std::uint32_t source = 0;  // host order
  std::uint32_t destination = 0;
};

// Writes a header of 20 bytes, checksum included, and returns 20.
inline std::size_t build_ipv4(MutableBytes buffer, const Ipv4Fields& fields) {
  assert(buffer.size() >= sizeof(Ipv4Header));
  assert(fields.total_length >= sizeof(Ipv4Header) && fields.total_length <= 0xffff);
  assert(fields.fragment_offset % 8 == 0 && fields.fragment_offset / 8 <= ipv4_fragment_mask);
  const unsigned flags =
      (fields.dont_fragment ? ipv4_dont_fragment : 0u) | (fields.more_fragments ? ipv4_more_fragments : 0u);
  Ipv4Header header{0x45,
                    fields.dscp_ecn,
                    be16(static_cast<std::uint16_t>(fields.total_length)),
                    be16(fields.identification),
                    be16(static_cast<std::uint16_t>(flags | fields.fragment_offset / 8)),
                    fields.ttl,
                    fields.protocol,
                    be16(0),
                    be32(fields.source),
                    be32(fields.destination)};
  header.checksum = be16(internet_checksum(std::as_bytes(std::span(&header, 1))));
  store_header(buffer.data(), header);
  return sizeof(Ipv4Header);
}

// One hop: TTL minus one, checksum updated (RFC 1624). `packet` has parsed as IPv4 and its TTL is not 0.
inline void decrement_ttl(std::byte* packet) {
  assert(packet[8] != std::byte{0});
  const auto old_word = load_big_endian<std::uint16_t>(packet + 8);  // TTL and protocol
  const auto new_word = static_cast<std::uint16_t>(old_word - 0x0100);
  const auto checksum = load_big_endian<std::uint16_t>(packet + 10);
  store_big_endian(packet + 8, new_word);
  store_big_endian(packet + 10, update_checksum(checksum, old_word, new_word));
}

}  // namespace espgate::wire
