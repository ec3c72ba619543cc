// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include "config/checks.h"
#include "wire/ip_address.h"

#include <set>

#include <fmt/format.h>

namespace espgate::config {

std::vector<NamedPort> ports_of(const Config& config) {
  std::vector<NamedPort> ports = {{"outside", config.outside}};
  if (config.inside) ports.push_back({"inside", *config.inside});
  return ports;
}

std::string address_text(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

bool is_host_address(std::uint32_t address) {
  const std::uint32_t first_byte = address >> 24;
  return first_byte != 0 && first_byte != 127 && first_byte < 224;
}

bool is_network_or_broadcast(const wire::Ipv4Prefix& network, std::uint32_t address) {
  if (network.length >= 31) return false;
  return address == network.network().address || address == (network.address | ~network.mask());
}

void check_workers(Checker& checker) {
  const Workers& workers = checker.config.workers;
  if (workers.cores.empty()) return;
  if (workers.cores.size() != workers.count) {
    checker.error("workers.cores",
                  fmt::format("cores lists {} cores for {} workers", workers.cores.size(), workers.count),
                  "leave out \"count\", or name a core for each worker");
  }
  const std::set<unsigned> distinct(workers.cores.begin(), workers.cores.end());
  if (distinct.size() != workers.cores.size())
    checker.warn("workers.cores", "several workers share a core", "give each worker a core of its own");
}

Problems check(const Config& config, const Places& places) {
  Checker checker(config, places);
  check_ports(checker);
  check_sides(checker);
  check_pool(checker);
  check_routes(checker);
  check_workers(checker);
  check_ike(checker);
  check_pools(checker);
  check_dial_in(checker);
  check_radius(checker);
  check_static_peers(checker);
  checker.problems.sort();
  return std::move(checker.problems);
}

}  // namespace espgate::config
