// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/buffer.h"

#include "dataplane/dpdk/adopt_mbuf.h"

#include <bit>
#include <utility>

namespace espgate::dataplane::dpdk {

void* detach(Burst& burst, unsigned index, const BufferNote& note) noexcept {
  const Packet& packet = burst[index];
  auto* mbuf = static_cast<rte_mbuf*>(std::exchange(burst.buffer(index), nullptr));
  mbuf->data_off = static_cast<std::uint16_t>(packet.data - static_cast<std::byte*>(mbuf->buf_addr));
  mbuf->data_len = static_cast<std::uint16_t>(packet.length);
  mbuf->pkt_len = packet.length;
  mbuf->port = note.port;
  mbuf->packet_type = static_cast<std::uint32_t>(note.punt);
  mbuf->hash.usr = std::uint32_t{note.outer_distance} << 16 | note.next_hop;
  // What a driver said of the packet as it came says nothing about what goes out.
  mbuf->ol_flags = 0;
  mbuf->tx_offload = 0;
  return mbuf;
}

void detach_frames(Burst& burst, std::uint64_t which, void** out) noexcept {
  for (; which != 0; which &= which - 1) {
    const auto index = static_cast<unsigned>(std::countr_zero(which));
    const Packet& packet = burst[index];
    auto* mbuf = static_cast<rte_mbuf*>(burst.buffer(index));
    mbuf->data_off = static_cast<std::uint16_t>(packet.data - static_cast<std::byte*>(mbuf->buf_addr));
    mbuf->data_len = static_cast<std::uint16_t>(packet.length);
    mbuf->pkt_len = packet.length;
    mbuf->ol_flags = 0;  // tx_offload counts for nothing then
    *out++ = mbuf;
  }
}

BufferNote adopt(Burst& burst, unsigned index, void* buffer) noexcept {
  auto* mbuf = static_cast<rte_mbuf*>(buffer);
  BufferNote note;
  note.punt = static_cast<Punt>(mbuf->packet_type);
  note.port = static_cast<std::uint8_t>(mbuf->port);
  note.next_hop = static_cast<std::uint16_t>(mbuf->hash.usr);
  note.outer_distance = static_cast<std::uint16_t>(mbuf->hash.usr >> 16);
  adopt_mbuf(burst, index, mbuf);
  Packet& packet = burst[index];
  if (note.outer_distance != 0) packet.outer = packet.data - note.outer_distance;
  packet.next_hop = note.next_hop;
  return note;
}

Punt noted_punt(const void* buffer) noexcept {
  return static_cast<Punt>(static_cast<const rte_mbuf*>(buffer)->packet_type);
}

std::uint8_t ingress_port(const void* buffer) noexcept {
  return static_cast<std::uint8_t>(static_cast<const rte_mbuf*>(buffer)->port);
}

void release(void* buffer) noexcept { rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer)); }

void release(std::span<void* const> buffers) noexcept {
  for (void* buffer : buffers) release(buffer);
}

}  // namespace espgate::dataplane::dpdk
