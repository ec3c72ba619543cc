// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/esp_push.h"

#include "dataplane/sa.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "wire/esp.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <atomic>

namespace espgate::dataplane {
namespace {

// An AEAD's IV is the sequence number (RFC 4106 §3.1). A CBC cipher's field holds it as a block that the
// engine then encrypts under the key, so that IVs neither repeat nor can be foretold.
void write_iv(std::byte* at, std::uint8_t iv_bytes, std::uint64_t sequence) {
  if (iv_bytes == 16) wire::store_big_endian(at, std::uint64_t{0});
  if (iv_bytes != 0) wire::store_big_endian(at + iv_bytes - sizeof sequence, sequence);
}

// Padding 1, 2, 3, … is copied as a block of constant size, whose rest the trailer and the ICV overwrite: the
// tailroom has been checked, and the length differs from packet to packet.
void write_trailer(std::byte* at, std::uint32_t padding) {
  constexpr std::size_t block = 16;  // no cipher wants more than 15
  static_assert(block <= outbound_tailroom);
  std::memcpy(at, wire::esp_pad_bytes.data(), block);
  wire::store_header(at + padding,
                     wire::EspTrailer{static_cast<std::uint8_t>(padding), wire::ip_protocol_udp});
}

void push(Packet& packet, const OutboundSa& sa, std::uint32_t padding) {
  write_trailer(packet.data + packet.length, padding);
  const std::uint32_t header = std::uint32_t{sizeof(wire::EspHeader)} + sa.iv_bytes;
  packet.data -= header;
  packet.length += header + padding + 2 + sa.icv_bytes;
  write_iv(packet.data + sizeof(wire::EspHeader), sa.iv_bytes, packet.sequence);
  wire::store_header(packet.data, wire::EspHeader{wire::be32(sa.spi),
                                                  wire::be32(static_cast<std::uint32_t>(packet.sequence))});
}

void store_progress(const OutboundSa& sa, channel::SaProgress& progress) {
  progress.outbound_next.store(sa.next_sequence, std::memory_order_relaxed);
  progress.outbound_packets.store(sa.counters.packets, std::memory_order_relaxed);
  progress.outbound_bytes.store(sa.counters.bytes, std::memory_order_relaxed);
}

}  // namespace

void esp_push(Burst& burst, std::span<channel::SaProgress> progress) {
  for (Packet& packet : burst.live()) {
    OutboundSa& sa = *packet.outbound_sa;
    const std::uint32_t padding =
        (~(packet.length + 1)) & sa.alignment_mask;  // payload + padding + 2 is aligned
    if (packet.length + padding + sa.overhead_bytes > sa.max_packet_bytes) {
      burst.drop(packet, DropReason::too_big);
      continue;
    }
    // The manager may raise it meanwhile.
    const std::uint64_t last = std::atomic_ref(sa.last_sequence).load(std::memory_order_relaxed);
    if (sa.next_sequence > last || sa.next_sequence == 0) {
      burst.drop(packet, DropReason::sequence_exhausted);
      continue;
    }
    packet.sequence = sa.next_sequence++;
    ++sa.counters.packets;
    sa.counters.bytes += packet.length;
    if (sa.slot < progress.size()) store_progress(sa, progress[sa.slot]);
    push(packet, sa, padding);
  }
}

}  // namespace espgate::dataplane
