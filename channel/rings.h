// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "channel/ring.h"

#include <cstddef>
#include <cstring>
#include <new>
#include <span>

namespace espgate::channel {

// A packet on its way into a ring: what `header` says, and its bytes from elsewhere. At most
// PacketRecord::capacity.
struct PacketSource {
  const PacketRecord& header;
  std::span<const std::byte> bytes;
};

// A PacketRecord that is made in its place in the ring: of 4 KB only what the packet has is written.
struct PacketSlot {
  explicit PacketSlot(const PacketSource& source) noexcept {
    // (The analyzer takes the end of the ring's copying loop for one more element.)
    constexpr std::size_t header_bytes = offsetof(PacketRecord, bytes);
    std::memcpy(static_cast<void*>(&record), &source.header, header_bytes);  // NOLINT(clang-analyzer-core.*)
    record.length = static_cast<std::uint16_t>(source.bytes.size());
    if (!source.bytes.empty()) std::memcpy(record.bytes.data(), source.bytes.data(), source.bytes.size());
  }
  PacketRecord record;
};

using CommandRing = Ring<Command, 1024>;
using EventRing = Ring<Event, 4096>;
using PacketRing = Ring<PacketSlot, 512>;

// All rings of one connection, at the start of a segment; behind it lies one PacketRing for each worker.
struct Rings {
  CommandRing commands;     // control → manager
  EventRing events;         // manager → control
  PacketRing to_dataplane;  // control → manager

  [[nodiscard]] static std::size_t bytes(unsigned workers) {
    return sizeof(Rings) + workers * sizeof(PacketRing);
  }
  // Makes empty rings in `memory`, of bytes(workers).
  static Rings& construct(std::byte* memory, unsigned workers) {
    auto* rings = new (memory) Rings;
    for (unsigned worker = 0; worker < workers; ++worker) new (&rings->from_worker(worker)) PacketRing;
    return *rings;
  }
  // What the other process constructed there.
  static Rings& attach(std::byte* memory) { return *std::launder(reinterpret_cast<Rings*>(memory)); }

  // Worker → control.
  [[nodiscard]] PacketRing& from_worker(unsigned worker) {
    return reinterpret_cast<PacketRing*>(reinterpret_cast<std::byte*>(this) + sizeof(Rings))[worker];
  }
};

}  // namespace espgate::channel
