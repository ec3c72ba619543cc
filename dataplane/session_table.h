// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/session.h"

#include <atomic>
#include <cstdint>
#include <vector>

namespace espgate::dataplane {

// Inner IPv4 address -> session and the SA it sends on, for the addresses of one client pool: an array, since
// a pool is one range. Both pointers stand side by side, so that a burst's sessions and SAs are fetched at
// the same time instead of one after the other. Changed by one thread; workers look without locks meanwhile:
// they may see a new session beside the old SA of the same address, so an address goes to another client only
// after it was empty for a grace period (RCU).
class SessionTable {
 public:
  struct Entry {
    Session* session = nullptr;
    OutboundSa* sa = nullptr;
  };

  // Addresses [first, first + count), host order.
  SessionTable(std::uint32_t first, std::uint32_t count) : first_(first), entries_(count) {}

  // Whether the address is of the pool.
  [[nodiscard]] bool contains(std::uint32_t address) const { return address - first_ < entries_.size(); }

  // The session's address from now on, or its new outbound SA; both must outlive the table. An entry without
  // SA, or of a session that is not open, lets nothing out. The address must lie in the pool.
  void set(std::uint32_t address, Entry entry) {
    entries_[address - first_].session.store(entry.session, std::memory_order_release);
    entries_[address - first_].sa.store(entry.sa, std::memory_order_release);
  }

  void prefetch(std::uint32_t address) const {
    if (contains(address)) dataplane::prefetch(&entries_[address - first_]);
  }
  // An empty entry where there is none.
  [[nodiscard]] Entry find(std::uint32_t address) const {
    if (!contains(address)) return {};
    const Slot& slot = entries_[address - first_];
    return {slot.session.load(std::memory_order_acquire), slot.sa.load(std::memory_order_acquire)};
  }

 private:
  struct Slot {
    std::atomic<Session*> session = nullptr;
    std::atomic<OutboundSa*> sa = nullptr;
  };

  std::uint32_t first_;
  std::vector<Slot> entries_;
};

}  // namespace espgate::dataplane
