// SPDX-License-Identifier: Apache-2.0
#include "dataplane/outbound_table.h"

#include "dataplane/table_memory.h"

#include <cassert>
#include <memory>

namespace espgate::dataplane {

OutboundTable::OutboundTable(std::uint32_t slots)
    : slots_(slots), bytes_(slots * sizeof(Entry)), entries_(static_cast<Entry*>(map_table(bytes_))) {
  static_assert(std::is_trivially_destructible_v<Entry>);  // and all zeros is an empty one
}

OutboundTable::~OutboundTable() { unmap_table(entries_, bytes_); }

void OutboundTable::publish(OutboundSa& sa, Peer& peer) {
  assert(sa.slot < slots_ && entries_[sa.slot].sa.load(std::memory_order_relaxed) == nullptr);
  entries_[sa.slot].serial.store(++last_serial_, std::memory_order_relaxed);
  entries_[sa.slot].peer.store(&peer, std::memory_order_relaxed);
  entries_[sa.slot].sa.store(&sa, std::memory_order_release);
}

void OutboundTable::withdraw(std::uint32_t slot) {
  entries_[slot].sa.store(nullptr, std::memory_order_release);
}

std::optional<OutboundTicket> OutboundTable::ticket(std::uint32_t slot) const {
  if (slot >= slots_ || entries_[slot].sa.load(std::memory_order_relaxed) == nullptr) return std::nullopt;
  return OutboundTicket{slot, entries_[slot].serial.load(std::memory_order_relaxed)};
}

}  // namespace espgate::dataplane
