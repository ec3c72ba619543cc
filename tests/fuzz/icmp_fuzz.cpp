// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/icmp.h"

#include <vector>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  if (const auto packet = wire::Ipv4Packet::parse(input)) {  // the input as a packet that an error is about
    fuzz::require(wire::icmp_quote_length(*packet) <= packet->total_length());
    fuzz::require(!wire::may_cause_icmp_error(*packet) || packet->fragment_offset() == 0);
  }
  const auto message = wire::IcmpMessage::parse(input);
  if (!message) return 0;
  fuzz::require_layout(input, sizeof(wire::IcmpHeader), message->payload());

  const auto rest = std::uint32_t{message->identifier()} << 16 | message->sequence();
  std::vector<std::byte> built(size);
  fuzz::require(wire::build_icmp(built, {message->type(), message->code(), rest}, message->payload()) ==
                size);
  const auto again = wire::IcmpMessage::parse(built);
  fuzz::require(again && again->type() == message->type() && again->code() == message->code());
  fuzz::require(again->identifier() == message->identifier() && again->sequence() == message->sequence());

  if (again->type() != wire::icmp_echo_request || !again->checksum_valid()) return 0;
  wire::turn_into_echo_reply(built);
  const auto reply = wire::IcmpMessage::parse(built);
  fuzz::require(reply && reply->type() == wire::icmp_echo_reply && reply->checksum_valid());
  return 0;
}
