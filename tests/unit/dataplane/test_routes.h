// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/route_table.h"

#include <map>

namespace espgate::dataplane::test {

// Routes in a map, for tests that need no DPDK: slow, and evidently right.
class TestRoutes final : public RouteTable {
 public:
  explicit TestRoutes(std::size_t capacity = 100'000) : capacity_(capacity) {}

  void lookup(std::span<const std::uint32_t> addresses, NextHopId* out) const noexcept override {
    for (const std::uint32_t address : addresses) {
      const Route* best = nullptr;
      for (const auto& [prefix, route] : routes_)
        if (prefix.contains(address) && (best == nullptr || prefix.length > best->prefix.length))
          best = &route;
      *out++ = best == nullptr ? no_next_hop : best->next_hop;
    }
  }
  bool add(const wire::Ipv4Prefix& prefix, NextHopId next_hop) override {
    if (routes_.size() >= capacity_ && !routes_.contains(prefix.network())) return false;
    routes_[prefix.network()] = {prefix.network(), next_hop};
    changed();
    return true;
  }
  void remove(const wire::Ipv4Prefix& prefix) override {
    routes_.erase(prefix.network());
    changed();
  }
  [[nodiscard]] std::vector<Route> list() const override {
    std::vector<Route> all;
    for (const auto& [prefix, route] : routes_) all.push_back(route);
    return all;
  }

  [[nodiscard]] NextHopId lookup_one(std::uint32_t address) const {
    NextHopId id = no_next_hop;
    lookup({&address, 1}, &id);
    return id;
  }

 private:
  std::size_t capacity_;
  std::map<wire::Ipv4Prefix, Route> routes_;
};

}  // namespace espgate::dataplane::test
