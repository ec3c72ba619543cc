// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ipv4.h"

#include <cassert>

namespace espgate::wire {

inline constexpr std::uint16_t udp_port_ike = 500;
inline constexpr std::uint16_t udp_port_natt = 4500;
inline constexpr std::uint16_t udp_port_l2tp = 1701;

struct UdpHeader {  // RFC 768
  be16 source_port;
  be16 destination_port;
  be16 length;  // with these 8 bytes
  be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8 && alignof(UdpHeader) == 1);

class UdpDatagram {
 public:
  // Bytes beyond the length field are not part of the datagram and ignored. A length of 0 means a jumbogram
  // in IPv6 (RFC 2675) and an error in IPv4; neither is taken.
  [[nodiscard]] static Expected<UdpDatagram> parse(Bytes ip_payload) {
    if (ip_payload.size() < sizeof(UdpHeader)) return fail(ParseError::truncated);
    const std::size_t length = load_big_endian<std::uint16_t>(ip_payload.data() + 4);
    if (length < sizeof(UdpHeader)) return fail(ParseError::bad_length);
    if (length > ip_payload.size()) return fail(ParseError::truncated);
    return UdpDatagram(ip_payload.first(length));
  }

  [[nodiscard]] std::uint16_t source_port() const { return load_big_endian<std::uint16_t>(datagram_.data()); }
  [[nodiscard]] std::uint16_t destination_port() const {
    return load_big_endian<std::uint16_t>(datagram_.data() + 2);
  }
  [[nodiscard]] std::size_t length() const { return datagram_.size(); }
  [[nodiscard]] std::uint16_t checksum() const {
    return load_big_endian<std::uint16_t>(datagram_.data() + 6);
  }
  [[nodiscard]] Bytes bytes() const { return datagram_; }
  [[nodiscard]] Bytes payload() const { return datagram_.subspan(sizeof(UdpHeader)); }

 private:
  explicit UdpDatagram(Bytes datagram) : datagram_(datagram) {}

  Bytes datagram_;
};

// The checksum that `datagram` (header and payload) must carry between two IPv4 addresses (host order),
// whatever its field holds now. Never 0, which would mean that there is none.
[[nodiscard]] inline std::uint16_t udp_checksum(std::uint32_t source, std::uint32_t destination,
                                                Bytes datagram) {
  assert(datagram.size() >= sizeof(UdpHeader));
  const auto header = load_header<UdpHeader>(datagram.data());
  const std::uint32_t start = pseudo_header_sum(source, destination, ip_protocol_udp, datagram.size()) +
                              header.source_port.host() + header.destination_port.host() +
                              header.length.host();
  const std::uint16_t checksum = internet_checksum(datagram.subspan(sizeof(UdpHeader)), start);
  return checksum == 0 ? std::uint16_t{0xffff} : checksum;
}

// A datagram without checksum is valid: RFC 3948 §2.1 asks for that in UDP-encapsulated ESP.
[[nodiscard]] inline bool udp_checksum_valid(std::uint32_t source, std::uint32_t destination,
                                             const UdpDatagram& datagram) {
  return datagram.checksum() == 0 ||
         datagram.checksum() == udp_checksum(source, destination, datagram.bytes());
}

struct UdpFields {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::size_t payload_length = 0;
  std::uint16_t checksum = 0;  // 0: none
};

// Writes the header and returns 8. For a checksum over the payload, store udp_checksum() in bytes 6 and 7
// afterwards.
inline std::size_t build_udp(MutableBytes buffer, const UdpFields& fields) {
  const std::size_t length = sizeof(UdpHeader) + fields.payload_length;
  assert(buffer.size() >= sizeof(UdpHeader) && length <= 0xffff);
  store_header(buffer.data(), UdpHeader{be16(fields.source_port), be16(fields.destination_port),
                                        be16(static_cast<std::uint16_t>(length)), be16(fields.checksum)});
  return sizeof(UdpHeader);
}

}  // namespace espgate::wire
