// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

#include <cstdint>
#include <span>

namespace espgate::dataplane::dpdk {

// What threads that see a packet one after the other tell each other; it travels in the mbuf. On a ring, the
// mbuf's data is what Packet::data was.
struct BufferNote {
  Punt punt = Punt::keepalive;
  std::uint8_t port = 0;  // ingress, or the port to leave by
  std::uint16_t next_hop = 0;
  std::uint16_t outer_distance = 0;  // bytes from the outer IP header to the data; 0: there is none
};

// Makes the buffer of packet `index` describe just the packet's bytes, and notes the rest: it may now be
// given to a ring or a port. The burst no longer has it.
[[nodiscard]] void* detach(Burst& burst, unsigned index, const BufferNote& note) noexcept;
// The same for many packets that leave as frames, bit i of `which` being packet i: their buffers, in order,
// go to `out`. A port needs no note, so there is none; the burst keeps pointers that it must not use.
void detach_frames(Burst& burst, std::uint64_t which, void** out) noexcept;
// The other way round: the buffer becomes packet `index`, with everything else of the packet cleared.
BufferNote adopt(Burst& burst, unsigned index, void* buffer) noexcept;

// What the note of a buffer that changed threads or took a detour says of its punt.
[[nodiscard]] Punt noted_punt(const void* buffer) noexcept;
// The port that a received packet came by.
[[nodiscard]] std::uint8_t ingress_port(const void* buffer) noexcept;

void release(void* buffer) noexcept;
void release(std::span<void* const> buffers) noexcept;

}  // namespace espgate::dataplane::dpdk
