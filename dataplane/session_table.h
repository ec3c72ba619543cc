// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/session.h"

#include <cstdint>
#include <vector>

namespace espgate::dataplane {

// Inner IPv4 address -> session and the SA it sends on, for the addresses of one client pool: an array, since
// a pool is one range. Both pointers stand side by side, so that a burst's sessions and SAs are fetched at
// the same time instead of one after the other. Written by one thread while no worker looks.
class SessionTable {
 public:
  struct Entry {
    Session* session = nullptr;
    OutboundSa* sa = nullptr;
  };

  // Addresses [first, first + count), host order.
  SessionTable(std::uint32_t first, std::uint32_t count) : first_(first), entries_(count) {}

  // The session's address from now on, or its new outbound SA; both must outlive the table. An entry without
  // SA, or of a session that is not open, lets nothing out. The address must lie in the pool.
  void set(std::uint32_t address, Entry entry) { entries_[address - first_] = entry; }

  void prefetch(std::uint32_t address) const {
    if (address - first_ < entries_.size()) dataplane::prefetch(&entries_[address - first_]);
  }
  // An empty entry where there is none.
  [[nodiscard]] Entry find(std::uint32_t address) const {
    return address - first_ < entries_.size() ? entries_[address - first_] : Entry{};
  }

 private:
  std::uint32_t first_;
  std::vector<Entry> entries_;
};

}  // namespace espgate::dataplane
