// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/link_pull.h"

#include "wire/ethernet.h"

namespace espgate::dataplane {

void prefetch_packets(Burst& burst) {
  for (const Packet& packet : burst.live()) {
    prefetch_for_write(packet.data);
    prefetch_for_write(packet.data + 64);
    prefetch_for_write(packet.data + packet.length - 1);
  }
}

void link_pull(Burst& burst) {
  for (Packet& packet : burst.live()) {
    const auto frame = wire::EthernetFrame::parse(packet.bytes());
    if (!frame) {
      burst.drop(packet, DropReason::ethernet_malformed);
      continue;
    }
    packet.ether_type = frame->ether_type();
    packet.pull(frame->header_length());
  }
}

}  // namespace espgate::dataplane
