// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/route_table.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <tl/expected.hpp>

struct rte_lpm;
struct rte_rcu_qsbr;

namespace espgate::dataplane::dpdk {

// Routes in DPDK's LPM: two loads at most for each address, and 64 MB of DPDK's memory. The default route,
// which LPM does not know, stands beside it.
class LpmRouteTable final : public RouteTable {
 public:
  struct Size {
    std::uint32_t routes = 8192;
    // Groups of 256 addresses in which a route is longer than /24: as many /24 networks may have neighbours.
    // 1 KB each.
    std::uint32_t groups = 4096;
  };

  // `name` must be unique in the process. Error: what DPDK said.
  [[nodiscard]] static tl::expected<std::unique_ptr<LpmRouteTable>, std::string> create(
      const std::string& name, Size size);
  ~LpmRouteTable() override;

  // From now on what a removed route leaves is reused only when all readers registered with `readers`, which
  // must outlive this, have passed a quiescent state. To be called once, before anything was removed under
  // running readers. Error: what DPDK said.
  [[nodiscard]] tl::expected<void, std::string> use_rcu(rte_rcu_qsbr* readers);

  void lookup(std::span<const std::uint32_t> addresses, NextHopId* out) const noexcept override;
  [[nodiscard]] bool add(const wire::Ipv4Prefix& prefix, NextHopId next_hop) override;
  void remove(const wire::Ipv4Prefix& prefix) override;
  [[nodiscard]] std::vector<Route> list() const override;

 private:
  explicit LpmRouteTable(rte_lpm* lpm) : lpm_(lpm) {}

  rte_lpm* lpm_;
  std::atomic<NextHopId> default_ = no_next_hop;
  std::map<wire::Ipv4Prefix, NextHopId> routes_;
};

}  // namespace espgate::dataplane::dpdk
