// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa_table.h"

#include "dataplane/table_memory.h"

#include <bit>
#include <cassert>
#include <memory>

namespace espgate::dataplane {

SaTable::SaTable(std::uint32_t slots, const ForeignSpiIndex* foreign)
    : entries_(std::bit_ceil(std::max<std::uint32_t>(slots, 1))),
      slot_mask_(static_cast<std::uint32_t>(entries_.size()) - 1),
      sas_bytes_(entries_.size() * sizeof(InboundSa)),
      sas_(static_cast<InboundSa*>(map_table(sas_bytes_))),
      foreign_(foreign) {}

SaTable::~SaTable() {
  for (const Entry& entry : entries_)
    if (entry.spi != 0) std::destroy_at(&sas_[entry.index]);
  unmap_table(sas_, sas_bytes_);
}

InboundSa& SaTable::add(std::uint32_t spi, std::uint32_t window_packets) {
  const std::uint32_t slot = Spi::slot_of(spi) & slot_mask_;
  assert(entries_[slot].spi == 0 && spi != 0);
  InboundSa* sa = std::construct_at(&sas_[slot], window_packets);
  sa->spi = spi;
  entries_[slot] = Entry{spi, slot};
  return *sa;
}

void SaTable::remove(std::uint32_t spi) {
  Entry& entry = entries_[Spi::slot_of(spi) & slot_mask_];
  if (entry.spi != spi) return;
  std::destroy_at(&sas_[entry.index]);
  entry = Entry{};
}

}  // namespace espgate::dataplane
