// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ethernet.h"

namespace espgate::wire {

enum class ArpOperation : std::uint8_t { request = 1, reply = 2 };

inline constexpr std::size_t arp_length = 28;

// ARP for IPv4 over Ethernet (RFC 826): what a packet says and what one is built from. Addresses in host
// order. Any other hardware, protocol or operation is unsupported; bytes behind the message are padding of
// the frame.
struct ArpMessage {
  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac{};
  std::uint32_t sender_ip = 0;
  MacAddress target_mac{};
  std::uint32_t target_ip = 0;

  [[nodiscard]] static Expected<ArpMessage> parse(Bytes message);
  friend bool operator==(const ArpMessage&, const ArpMessage&) = default;
};

// Writes arp_length bytes and returns that number.
std::size_t build_arp(MutableBytes buffer, const ArpMessage& message);

// The answer of one who has `request.target_ip` at `own_mac`.
[[nodiscard]] ArpMessage arp_reply_to(const ArpMessage& request, const MacAddress& own_mac);

}  // namespace espgate::wire
