// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/arp.h"

#include <algorithm>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto message = wire::ArpMessage::parse(input);
  if (!message) return 0;
  std::array<std::byte, wire::arp_length> built;
  wire::build_arp(built, *message);
  fuzz::require(std::ranges::equal(built, input.first(built.size())));  // nothing in ARP is free to vary

  wire::build_arp(built, wire::arp_reply_to(*message, message->target_mac));
  const auto reply = wire::ArpMessage::parse(built);
  fuzz::require(reply && reply->operation == wire::ArpOperation::reply &&
                reply->target_ip == message->sender_ip);
  return 0;
}
