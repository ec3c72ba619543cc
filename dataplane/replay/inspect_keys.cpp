// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_keys.h"

#include <iterator>

namespace espgate::replay {

KnownKeys::KnownKeys(std::span<const SaKeys> sas) {
  for (const SaKeys& sa : sas) {
    by_spi_.emplace(sa.spi, entries_.size());
    entries_.push_back({.spi = sa.spi, .destination = sa.destination, .suite = sa.suite});
  }
}

const KnownKeys::Entry* KnownKeys::find(const wire::IpAddress& destination, std::uint32_t spi) const {
  const auto [begin, end] = by_spi_.equal_range(spi);
  const Entry* wildcard = nullptr;
  for (auto at = begin; at != end; ++at) {
    const Entry& entry = entries_[at->second];
    if (entry.destination == destination) return &entry;
    if (entry.destination.is_any()) wildcard = &entry;
  }
  if (wildcard == nullptr && std::distance(begin, end) == 1) return &entries_[begin->second];
  return wildcard;
}

}  // namespace espgate::replay
