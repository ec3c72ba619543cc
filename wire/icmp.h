// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ipv4.h"

namespace espgate::wire {

inline constexpr std::uint8_t icmp_echo_reply = 0;
inline constexpr std::uint8_t icmp_destination_unreachable = 3;
inline constexpr std::uint8_t icmp_echo_request = 8;
inline constexpr std::uint8_t icmp_time_exceeded = 11;

// Codes of destination unreachable (RFC 792, RFC 1812 §5.2.7.1).
inline constexpr std::uint8_t icmp_code_net = 0;
inline constexpr std::uint8_t icmp_code_host = 1;
inline constexpr std::uint8_t icmp_code_port = 3;
inline constexpr std::uint8_t icmp_code_fragmentation_needed = 4;
inline constexpr std::uint8_t icmp_code_prohibited = 13;

struct IcmpHeader {  // RFC 792; the last four bytes depend on the type
  std::uint8_t type;
  std::uint8_t code;
  be16 checksum;
  be32 rest;
};
static_assert(sizeof(IcmpHeader) == 8 && alignof(IcmpHeader) == 1);

// An ICMPv4 message of any type. The checksum is not part of parse(): ask checksum_valid().
class IcmpMessage {
 public:
  [[nodiscard]] static Expected<IcmpMessage> parse(Bytes ip_payload);

  [[nodiscard]] std::uint8_t type() const { return header_.type; }
  [[nodiscard]] std::uint8_t code() const { return header_.code; }
  [[nodiscard]] bool checksum_valid() const { return internet_checksum(message_) == 0; }
  [[nodiscard]] bool is_error() const;
  [[nodiscard]] bool is_fragmentation_needed() const {
    return type() == icmp_destination_unreachable && code() == icmp_code_fragmentation_needed;
  }
  // Of an echo.
  [[nodiscard]] std::uint16_t identifier() const {
    return static_cast<std::uint16_t>(header_.rest.host() >> 16);
  }
  [[nodiscard]] std::uint16_t sequence() const { return static_cast<std::uint16_t>(header_.rest.host()); }
  // Of fragmentation needed (RFC 1191 §4); 0 from a router that does not know of it.
  [[nodiscard]] std::uint16_t next_hop_mtu() const { return static_cast<std::uint16_t>(header_.rest.host()); }
  // The data of an echo; the beginning of the packet that an error is about.
  [[nodiscard]] Bytes payload() const { return message_.subspan(sizeof(IcmpHeader)); }

 private:
  IcmpMessage(Bytes message, const IcmpHeader& header) : message_(message), header_(header) {}

  Bytes message_;
  IcmpHeader header_;
};

struct IcmpFields {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // identifier and sequence, or the next hop's MTU, or 0
};

[[nodiscard]] IcmpFields echo_request(std::uint16_t identifier, std::uint16_t sequence);
[[nodiscard]] IcmpFields echo_reply(std::uint16_t identifier, std::uint16_t sequence);
[[nodiscard]] IcmpFields destination_unreachable(std::uint8_t code);
[[nodiscard]] IcmpFields fragmentation_needed(std::uint16_t next_hop_mtu);
[[nodiscard]] IcmpFields time_exceeded_in_transit();

// Writes header and payload with checksum and returns their length. The payload may already lie at its place,
// 8 bytes into the buffer, or overlap it.
std::size_t build_icmp(MutableBytes buffer, const IcmpFields& fields, Bytes payload);

// Turns an echo request with a good checksum into its reply where it lies; the checksum is updated (RFC
// 1624).
void turn_into_echo_reply(MutableBytes message);

// How much of a packet an error about it quotes: so much that the error stays within 576 bytes (RFC 1812
// §4.3.2.3).
[[nodiscard]] std::size_t icmp_quote_length(const Ipv4Packet& offending);

// Whether an error about this packet may be sent at all: not about an ICMP error, nor a fragment other than
// the first, nor to a source or about a destination that is not one host (RFC 1812 §4.3.2.7). That it came by
// link-layer broadcast, or that a destination is a subnet's broadcast address, the caller knows.
[[nodiscard]] bool may_cause_icmp_error(const Ipv4Packet& offending);

}  // namespace espgate::wire
