// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/session.h"

#include <cstdint>
#include <vector>

namespace espgate::dataplane {

// Inner IPv4 address -> session, for the addresses of one client pool: an array, since a pool is one range.
// Written by one thread while no worker looks.
class SessionTable {
 public:
  // Addresses [first, first + count), host order.
  SessionTable(std::uint32_t first, std::uint32_t count) : first_(first), sessions_(count) {}

  // `session` must outlive the table; its address must lie in the pool. nullptr takes the session out.
  void set(std::uint32_t address, Session* session) { sessions_[address - first_] = session; }

  void prefetch(std::uint32_t address) const {
    if (address - first_ < sessions_.size()) dataplane::prefetch(&sessions_[address - first_]);
  }
  [[nodiscard]] Session* find(std::uint32_t address) const {
    return address - first_ < sessions_.size() ? sessions_[address - first_] : nullptr;
  }

 private:
  std::uint32_t first_;
  std::vector<Session*> sessions_;
};

}  // namespace espgate::dataplane
