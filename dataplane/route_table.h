// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/next_hop_table.h"
#include "wire/ipv4_prefix.h"

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace espgate::dataplane {

struct Route {
  wire::Ipv4Prefix prefix;  // a network: no host bits
  NextHopId next_hop = no_next_hop;

  friend bool operator==(const Route&, const Route&) = default;
};

// Longest prefix -> next hop. Neighbours of connected networks are in it as /32 routes, so that one lookup
// finds a packet's link address. One thread writes while workers look up. Implemented on DPDK's LPM; an
// interface so that the stages know nothing of DPDK.
class RouteTable {
 public:
  RouteTable() = default;
  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;
  virtual ~RouteTable() = default;

  // The next hop for each address (host order); 0 where there is no route. `out` has room for all.
  virtual void lookup(std::span<const std::uint32_t> addresses, NextHopId* out) const noexcept = 0;

  // Adds a route, or leads the one that is there elsewhere; host bits of the prefix are ignored. False: the
  // table is full.
  [[nodiscard]] virtual bool add(const wire::Ipv4Prefix& prefix, NextHopId next_hop) = 0;
  // Does nothing if there is no such route. A worker may use the old answer until it has passed a quiescent
  // state.
  virtual void remove(const wire::Ipv4Prefix& prefix) = 0;
  // By address, then length.
  [[nodiscard]] virtual std::vector<Route> list() const = 0;

  // Another number after each change: an answer that was remembered with it is still right while it is the
  // same.
  [[nodiscard]] std::uint32_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }

 protected:
  // Called behind a change.
  void changed() noexcept {
    // 0 is what a memo holds that was never filled.
    const std::uint32_t next = generation_.load(std::memory_order_relaxed) + 1;
    generation_.store(next == 0 ? 1 : next, std::memory_order_release);
  }

 private:
  std::atomic<std::uint32_t> generation_ = 1;
};

}  // namespace espgate::dataplane
