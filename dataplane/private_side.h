// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/next_hop_table.h"
#include "wire/ipv4_prefix.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace espgate::dataplane {

// Whether one of `networks` holds `address` (host order).
[[nodiscard]] inline bool is_within(std::span<const wire::Ipv4Prefix> networks, std::uint32_t address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const wire::Ipv4Prefix& network) { return network.contains(address); });
}

// Where clients' packets may leave: only towards the private side, whatever else there are routes for. What
// was encrypted must not go back outside in clear.
struct PrivateSide {
  const NextHopTable* hops = nullptr;
  std::uint8_t port = 0;
  NextHopId default_hop = no_next_hop;         // of what no private route names; none: it is not routed
  std::span<const wire::Ipv4Prefix> networks;  // with one port for both sides: these are the private side

  // The hop to take for `destination` (host order) instead of `found`; 0: none.
  [[nodiscard]] NextHopId choose(NextHopId found, std::uint32_t destination) const {
    if (!networks.empty()) [[unlikely]]
      return choose_by_network(found, destination);
    return found != no_next_hop && NextHop::port_of(hops->word(found)) == port ? found : default_hop;
  }

 private:
  [[nodiscard, gnu::noinline]] NextHopId choose_by_network(NextHopId found, std::uint32_t destination) const {
    return is_within(networks, destination) ? found : no_next_hop;
  }
};

}  // namespace espgate::dataplane
