// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/parse.h"

#include <cassert>

namespace espgate::wire {

inline constexpr std::uint16_t ppp_ipv4 = 0x0021;
inline constexpr std::uint16_t ppp_ipv6 = 0x0057;
inline constexpr std::uint16_t ppp_compressed = 0x00fd;  // RFC 1962
inline constexpr std::uint16_t ppp_ipcp = 0x8021;
inline constexpr std::uint16_t ppp_ipv6cp = 0x8057;
inline constexpr std::uint16_t ppp_ccp = 0x80fd;
inline constexpr std::uint16_t ppp_lcp = 0xc021;
inline constexpr std::uint16_t ppp_pap = 0xc023;
inline constexpr std::uint16_t ppp_chap = 0xc223;
inline constexpr std::uint16_t ppp_eap = 0xc227;

// A PPP frame as L2TP carries it (RFC 2661 §5.3): no flags, no escapes, no FCS.
//
//   [FF 03] | protocol, 1 byte (odd) or 2 (even, odd) | payload
//
// Every form is taken whether negotiated or not: RFC 1661 §6.5 and §6.6 let a receiver tell them apart.
class PppFrame {
 public:
  // unsupported: a protocol number that no rule of RFC 1661 §2 allows, or 0x00ff, which §6.6 reserves.
  [[nodiscard]] static Expected<PppFrame> parse(Bytes frame) {
    std::size_t at = 0;
    if (frame.size() >= 2 && frame[0] == std::byte{0xff} && frame[1] == std::byte{0x03}) at = 2;
    if (frame.size() < at + 1) return fail(ParseError::truncated);
    auto protocol = std::to_integer<std::uint16_t>(frame[at]);
    std::size_t header_length = at + 1;
    if ((protocol & 1) == 0) {
      if (frame.size() < at + 2) return fail(ParseError::truncated);
      protocol = load_big_endian<std::uint16_t>(frame.data() + at);
      if ((protocol & 1) == 0) return fail(ParseError::unsupported);
      header_length = at + 2;
    }
    if (protocol == 0x00ff) return fail(ParseError::unsupported);
    return PppFrame(frame, header_length, protocol);
  }

  [[nodiscard]] std::uint16_t protocol() const { return protocol_; }
  [[nodiscard]] std::size_t header_length() const { return header_length_; }
  [[nodiscard]] bool address_control_present() const { return header_length_ >= 3; }
  [[nodiscard]] bool protocol_compressed() const { return (header_length_ & 1) != 0; }
  [[nodiscard]] Bytes payload() const { return frame_.subspan(header_length_); }

 private:
  PppFrame(Bytes frame, std::size_t header_length, std::uint16_t protocol)
      : frame_(frame), header_length_(static_cast<std::uint16_t>(header_length)), protocol_(protocol) {}

  Bytes frame_;
  std::uint16_t header_length_;  // 1 compressed, 2, 3 FF 03 and compressed, 4
  std::uint16_t protocol_;
};

struct PppHeaderFields {
  std::uint16_t protocol = 0;
  bool address_control = true;
  bool compress_protocol = false;  // where it can be: below 0x0100
};

// Writes the header and returns its length, 1 to 4; `buffer` has room for it.
inline std::size_t build_ppp(MutableBytes buffer, const PppHeaderFields& fields) {
  assert((fields.protocol & 0x0101) == 1 && fields.protocol != 0x00ff);
  const bool compress = fields.compress_protocol && fields.protocol < 0x0100;
  assert(buffer.size() >= (fields.address_control ? 2u : 0u) + (compress ? 1u : 2u));
  std::size_t at = 0;
  if (fields.address_control) {
    buffer[0] = std::byte{0xff};
    buffer[1] = std::byte{0x03};
    at = 2;
  }
  if (compress) {
    buffer[at] = std::byte(fields.protocol);
    return at + 1;
  }
  store_big_endian(buffer.data() + at, fields.protocol);
  return at + 2;
}

}  // namespace espgate::wire
