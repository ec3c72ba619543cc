// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/ethernet.h"

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto frame = wire::EthernetFrame::parse(input);
  if (!frame) return 0;
  fuzz::require_layout(input, frame->header_length(), frame->payload());
  fuzz::require(frame->payload().size() == size - frame->header_length());

  std::array<std::byte, 18> header;
  const std::size_t length =
      wire::build(header, {frame->destination(), frame->source(), frame->ether_type(), frame->vlan_id()});
  fuzz::require(length == frame->header_length());
  const auto again = wire::EthernetFrame::parse(wire::Bytes(header).first(length));
  fuzz::require(again && again->destination() == frame->destination() && again->source() == frame->source() &&
                again->ether_type() == frame->ether_type() && again->vlan_id() == frame->vlan_id());
  return 0;
}
