// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/bell.h"
#include "channel/descriptor.h"
#include "channel/rings.h"
#include "channel/segment.h"

#include <sys/types.h>

namespace espgate::channel {

// What belongs to one connection of a control process, on the data plane's side. Workers may still be writing
// to it when the connection has ended; DataplaneEnd keeps it for as long.
struct Connection {
  Descriptor socket;
  pid_t pid = 0;
  Segment memory;
  Rings* rings = nullptr;
  Bell wakes_control;
  Bell wakes_dataplane;
};

// Puts a packet into `ring` and wakes the reader if it sleeps. False: full, or larger than a record can hold.
inline bool push_packet(PacketRing& ring, const Bell& reader, const PacketRecord& header,
                        std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > PacketRecord::capacity || !ring.push(PacketSource{header, bytes})) return false;
  if (ring.take_reader_sleeps()) reader.ring();
  return true;
}

}  // namespace espgate::channel
