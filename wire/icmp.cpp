// SPDX-License-Identifier: Apache-2.0
#include "wire/icmp.h"

#include <algorithm>

namespace espgate::wire {
namespace {

constexpr std::uint8_t icmp_source_quench = 4;
constexpr std::uint8_t icmp_redirect = 5;
constexpr std::uint8_t icmp_parameter_problem = 12;

constexpr std::size_t longest_error = 576;

bool is_error_type(std::uint8_t type) {
  switch (type) {
    case icmp_destination_unreachable:
    case icmp_source_quench:
    case icmp_redirect:
    case icmp_time_exceeded:
    case icmp_parameter_problem:
      return true;
    default:
      return false;
  }
}

// Multicast, class E with the limited broadcast, loopback, 0/8 (RFC 1812 §4.2.2.11, §5.3.7).
bool is_one_host(std::uint32_t address) {
  const std::uint32_t net = address >> 24;
  return net != 0 && net != 127 && net < 224;
}

std::uint32_t echo_rest(std::uint16_t identifier, std::uint16_t sequence) {
  return std::uint32_t{identifier} << 16 | sequence;
}

}  // namespace

Expected<IcmpMessage> IcmpMessage::parse(Bytes ip_payload) {
  if (ip_payload.size() < sizeof(IcmpHeader)) return fail(ParseError::truncated);
  return IcmpMessage(ip_payload, load_header<IcmpHeader>(ip_payload.data()));
}

bool IcmpMessage::is_error() const { return is_error_type(type()); }

IcmpFields echo_request(std::uint16_t identifier, std::uint16_t sequence) {
  return {icmp_echo_request, 0, echo_rest(identifier, sequence)};
}

IcmpFields echo_reply(std::uint16_t identifier, std::uint16_t sequence) {
  return {icmp_echo_reply, 0, echo_rest(identifier, sequence)};
}

IcmpFields destination_unreachable(std::uint8_t code) { return {icmp_destination_unreachable, code, 0}; }

IcmpFields fragmentation_needed(std::uint16_t next_hop_mtu) {
  return {icmp_destination_unreachable, icmp_code_fragmentation_needed, next_hop_mtu};
}

IcmpFields time_exceeded_in_transit() { return {icmp_time_exceeded, 0, 0}; }

std::size_t build_icmp(MutableBytes buffer, const IcmpFields& fields, Bytes payload) {
  const std::size_t length = sizeof(IcmpHeader) + payload.size();
  assert(buffer.size() >= length);
  if (!payload.empty()) std::memmove(buffer.data() + sizeof(IcmpHeader), payload.data(), payload.size());
  store_header(buffer.data(), IcmpHeader{fields.type, fields.code, be16(0), be32(fields.rest)});
  store_big_endian(buffer.data() + 2, internet_checksum(buffer.first(length)));
  return length;
}

void turn_into_echo_reply(MutableBytes message) {
  assert(message.size() >= sizeof(IcmpHeader) && message[0] == std::byte{icmp_echo_request});
  const auto old_word = load_big_endian<std::uint16_t>(message.data());  // type and code
  const auto new_word = static_cast<std::uint16_t>(icmp_echo_reply << 8 | (old_word & 0xff));
  const auto checksum = load_big_endian<std::uint16_t>(message.data() + 2);
  store_big_endian(message.data(), new_word);
  // A reply of nothing but zeros has 0xffff, where the update gives 0; elsewhere both verify (RFC 1071 §1:
  // two zeros).
  const std::uint16_t updated = update_checksum(checksum, old_word, new_word);
  store_big_endian(message.data() + 2, updated == 0 ? std::uint16_t{0xffff} : updated);
}

std::size_t icmp_quote_length(const Ipv4Packet& offending) {
  return std::min(offending.total_length(), longest_error - sizeof(Ipv4Header) - sizeof(IcmpHeader));
}

bool may_cause_icmp_error(const Ipv4Packet& offending) {
  if (offending.fragment_offset() != 0) return false;
  if (!is_one_host(offending.source()) || !is_one_host(offending.destination())) return false;
  if (offending.protocol() != ip_protocol_icmp) return true;
  const Bytes message = offending.payload();
  return !message.empty() && !is_error_type(std::to_integer<std::uint8_t>(message[0]));
}

}  // namespace espgate::wire
