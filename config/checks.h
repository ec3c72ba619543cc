// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/places.h"
#include "config/problem.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::config {

// What the parts of check() share: the configuration, and where to complain. A complaint names a setting by
// its path, which gives it its place in the file.
class Checker {
 public:
  Checker(const Config& checked, const Places& places) : config(checked), places_(places) {}

  void error(std::string_view path, std::string what, std::string hint = {}) {
    problems.error(places_.of(path), std::move(what), std::move(hint));
  }
  void warn(std::string_view path, std::string what, std::string hint = {}) {
    problems.warn(places_.of(path), std::move(what), std::move(hint));
  }

  // Whether the file has this setting or table.
  [[nodiscard]] bool has(std::string_view path) const { return places_.has(path); }

  const Config& config;
  Problems problems;

 private:
  const Places& places_;
};

// A port with the name of its table.
struct NamedPort {
  std::string_view name;
  const Port& port;
};
[[nodiscard]] std::vector<NamedPort> ports_of(const Config& config);

// "10.20.0.1"
[[nodiscard]] std::string address_text(std::uint32_t address);
// Whether one host may have it: neither 0.0.0.0/8, loopback, multicast nor above (RFC 6890).
[[nodiscard]] bool is_host_address(std::uint32_t address);
// Whether it is the first or last address of a network that reserves those (RFC 3021: /31 and /32 do not).
[[nodiscard]] bool is_network_or_broadcast(const wire::Ipv4Prefix& network, std::uint32_t address);

// The parts.
void check_ports(Checker& checker);
void check_routes(Checker& checker);
void check_pool(Checker& checker);
void check_sides(Checker& checker);
void check_workers(Checker& checker);
void check_ike(Checker& checker);
void check_pools(Checker& checker);
void check_dial_in(Checker& checker);
void check_radius(Checker& checker);
void check_static_peers(Checker& checker);

}  // namespace espgate::config
