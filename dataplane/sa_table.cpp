// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa_table.h"

#include "dataplane/table_memory.h"

#include <bit>
#include <cassert>
#include <memory>

namespace espgate::dataplane {

SaTable::SaTable(std::uint32_t slots, const ForeignSpiIndex* foreign)
    : entries_(std::bit_ceil(std::max<std::uint32_t>(slots, 1))),
      constructed_(entries_.size()),
      slot_mask_(static_cast<std::uint32_t>(entries_.size()) - 1),
      sas_bytes_(entries_.size() * sizeof(InboundSa)),
      sas_(static_cast<InboundSa*>(map_table(sas_bytes_))),
      foreign_(foreign) {}

SaTable::~SaTable() {
  for (std::size_t slot = 0; slot < constructed_.size(); ++slot)
    if (constructed_[slot]) std::destroy_at(&sas_[slot]);
  unmap_table(sas_, sas_bytes_);
}

InboundSa& SaTable::prepare(std::uint32_t spi, std::uint32_t window_packets) {
  const std::uint32_t slot = Spi::slot_of(spi) & slot_mask_;
  assert(!constructed_[slot] && spi != 0);
  InboundSa* sa = std::construct_at(&sas_[slot], window_packets);
  constructed_[slot] = true;
  sa->spi = spi;
  return *sa;
}

void SaTable::publish(std::uint32_t spi) {
  const std::uint32_t slot = Spi::slot_of(spi) & slot_mask_;
  entries_[slot].store(Entry{spi, slot}, std::memory_order_release);
}

void SaTable::withdraw(std::uint32_t spi) {
  std::atomic<Entry>& entry = entries_[Spi::slot_of(spi) & slot_mask_];
  if (entry.load(std::memory_order_relaxed).spi == spi) entry.store(Entry{}, std::memory_order_release);
}

void SaTable::destroy(std::uint32_t spi) {
  const std::uint32_t slot = Spi::slot_of(spi) & slot_mask_;
  if (!constructed_[slot] || sas_[slot].spi != spi) return;
  std::destroy_at(&sas_[slot]);
  constructed_[slot] = false;
}

}  // namespace espgate::dataplane
