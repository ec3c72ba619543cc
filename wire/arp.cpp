// SPDX-License-Identifier: Apache-2.0
#include "wire/arp.h"

namespace espgate::wire {
namespace {

constexpr std::uint16_t hardware_ethernet = 1;

struct ArpHeader {
  be16 hardware;
  be16 protocol;
  std::uint8_t hardware_length;
  std::uint8_t protocol_length;
  be16 operation;
  MacAddress sender_mac;
  be32 sender_ip;
  MacAddress target_mac;
  be32 target_ip;
};
static_assert(sizeof(ArpHeader) == arp_length && alignof(ArpHeader) == 1);

}  // namespace

Expected<ArpMessage> ArpMessage::parse(Bytes message) {
  if (message.size() < sizeof(ArpHeader)) return fail(ParseError::truncated);
  const auto header = load_header<ArpHeader>(message.data());
  const bool ipv4_over_ethernet =
      header.hardware.host() == hardware_ethernet && header.protocol.host() == ether_type_ipv4 &&
      header.hardware_length == sizeof(MacAddress) && header.protocol_length == sizeof(be32);
  if (!ipv4_over_ethernet) return fail(ParseError::unsupported);
  const std::uint16_t operation = header.operation.host();
  if (operation != 1 && operation != 2) return fail(ParseError::unsupported);
  return ArpMessage{ArpOperation{static_cast<std::uint8_t>(operation)}, header.sender_mac,
                    header.sender_ip.host(), header.target_mac, header.target_ip.host()};
}

std::size_t build_arp(MutableBytes buffer, const ArpMessage& message) {
  assert(buffer.size() >= sizeof(ArpHeader));
  store_header(buffer.data(),
               ArpHeader{be16(hardware_ethernet), be16(ether_type_ipv4), sizeof(MacAddress), sizeof(be32),
                         be16(static_cast<std::uint16_t>(message.operation)), message.sender_mac,
                         be32(message.sender_ip), message.target_mac, be32(message.target_ip)});
  return sizeof(ArpHeader);
}

ArpMessage arp_reply_to(const ArpMessage& request, const MacAddress& own_mac) {
  return {ArpOperation::reply, own_mac, request.target_ip, request.sender_mac, request.sender_ip};
}

}  // namespace espgate::wire
