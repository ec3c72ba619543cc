// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/data_path.h"
#include "client/tunnel.h"

#include <cstdint>
#include <string>

namespace espgate::client {

// What a client has done so far.
struct Report {
  const DataPath& path;
  const dataplane::OutboundSa& outbound;
  std::uint64_t keepalives_sent = 0;
  std::uint64_t ipv6_packets = 0;  // that came to the TUN device and were left out
  std::uint64_t unreachable = 0;   // the kernel said so of the gateway

  // One line: packets and bytes both ways, drops in all.
  [[nodiscard]] std::string line() const;
  // All of it, with a line for each reason of a drop.
  [[nodiscard]] std::string text() const;
  // One JSON object on one line; docs/client.md has its members.
  [[nodiscard]] std::string json() const;
};

}  // namespace espgate::client
