// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/ppp_l2tp_push.h"

#include "dataplane/session.h"
#include "dataplane/session_state.h"
#include "wire/ethernet.h"
#include "wire/udp.h"

namespace espgate::dataplane {
namespace {

void push(Packet& packet, const Session& session) {
  const SessionHeader& header = session.header;
  std::byte* block = packet.data - SessionHeader::capacity;
  std::memcpy(block, header.bytes.data(), SessionHeader::capacity);
  packet.data -= header.length;
  packet.length += header.length;
  // RFC 2661 §8.1: the UDP checksum may be 0; under ESP it says nothing that the ICV does not.
  wire::store_big_endian(packet.data + offsetof(wire::UdpHeader, length),
                         static_cast<std::uint16_t>(packet.length));
  if (header.l2tp_length_offset != 0)
    wire::store_big_endian(block + header.l2tp_length_offset,
                           static_cast<std::uint16_t>(packet.length - sizeof(wire::UdpHeader)));
  if (header.l2tp_ns_offset != 0)
    wire::store_big_endian(block + header.l2tp_ns_offset, session.state->next_ns++);
  if (packet.ether_type == wire::ether_type_ipv6) block[SessionHeader::capacity - 1] = std::byte{0x57};
}

}  // namespace

void ppp_l2tp_push(Burst& burst) {
  const std::byte* last_key = nullptr;
  for (Packet& packet : burst.live()) {
    if (packet.headroom < outbound_headroom || packet.tailroom < outbound_tailroom) {
      burst.drop(packet, DropReason::no_headroom);
      continue;
    }
    const HotKey& key = packet.outbound_sa->hot_key;
    if (key.start != last_key) key.prefetch_to_l2();
    last_key = key.start;
    push(packet, *packet.session);
  }
}

}  // namespace espgate::dataplane
