// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/lpm_route_table.h"

#include "dataplane/dpdk/eal.h"
#include "dataplane/packet.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <rte_errno.h>
#include <rte_lpm.h>

namespace espgate::dataplane::dpdk {

tl::expected<std::unique_ptr<LpmRouteTable>, std::string> LpmRouteTable::create(const std::string& name,
                                                                                Size size) {
  rte_lpm_config config{};
  config.max_rules = size.routes;
  config.number_tbl8s = size.groups;
  rte_lpm* lpm = rte_lpm_create(name.c_str(), memory_socket(), &config);
  if (lpm == nullptr)
    return tl::unexpected(std::string("no memory for the route table (it takes 64 MB of DPDK's memory): ") +
                          rte_strerror(rte_errno));
  return std::unique_ptr<LpmRouteTable>(new LpmRouteTable(lpm));
}

LpmRouteTable::~LpmRouteTable() { rte_lpm_free(lpm_); }

tl::expected<void, std::string> LpmRouteTable::use_rcu(rte_rcu_qsbr* readers) {
  rte_lpm_rcu_config config{};
  config.v = readers;
  // Groups wait in a queue until all readers were quiescent; the manager never waits for a worker.
  config.mode = RTE_LPM_QSBR_MODE_DQ;
  if (rte_lpm_rcu_qsbr_add(lpm_, &config) != 0)
    return tl::unexpected(std::string("the route table takes no RCU variable: ") + rte_strerror(rte_errno));
  return {};
}

void LpmRouteTable::lookup(std::span<const std::uint32_t> addresses, NextHopId* out) const noexcept {
  const NextHopId otherwise = default_.load(std::memory_order_relaxed);
  std::array<std::uint32_t, max_burst> found;
  while (!addresses.empty()) {
    const auto count = static_cast<unsigned>(std::min<std::size_t>(addresses.size(), found.size()));
    rte_lpm_lookup_bulk(lpm_, addresses.data(), found.data(), count);
    for (unsigned i = 0; i < count; ++i)
      *out++ = (found[i] & RTE_LPM_LOOKUP_SUCCESS) != 0 ? static_cast<NextHopId>(found[i]) : otherwise;
    addresses = addresses.subspan(count);
  }
}

bool LpmRouteTable::add(const wire::Ipv4Prefix& prefix, NextHopId next_hop) {
  assert(prefix.length <= 32 && next_hop != no_next_hop);
  const wire::Ipv4Prefix network = prefix.network();
  if (network.length == 0)
    default_.store(next_hop, std::memory_order_relaxed);
  else if (rte_lpm_add(lpm_, network.address, network.length, next_hop) != 0)
    return false;
  routes_.insert_or_assign(network, next_hop);
  changed();
  return true;
}

void LpmRouteTable::remove(const wire::Ipv4Prefix& prefix) {
  const wire::Ipv4Prefix network = prefix.network();
  if (routes_.erase(network) == 0) return;
  if (network.length == 0)
    default_.store(no_next_hop, std::memory_order_relaxed);
  else
    rte_lpm_delete(lpm_, network.address, network.length);
  changed();
}

std::vector<Route> LpmRouteTable::list() const {
  std::vector<Route> routes;
  routes.reserve(routes_.size());
  for (const auto& [prefix, next_hop] : routes_) routes.push_back({prefix, next_hop});
  return routes;
}

}  // namespace espgate::dataplane::dpdk
