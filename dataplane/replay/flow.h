// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ip_address.h"
#include "wire/parse.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace espgate::replay {

// An address and, where the protocol has ports, a port (0 otherwise).
struct Endpoint {
  wire::IpAddress address;
  std::uint16_t port = 0;

  // "10.0.0.1:4500", "[2001:db8::1]:4500", "10.0.0.1".
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Who sent an IP packet to whom, with what.
struct Flow {
  Endpoint source;
  Endpoint destination;
  std::uint8_t protocol = 0;

  friend auto operator<=>(const Flow&, const Flow&) = default;
};

struct FlowPacket {
  Flow flow;
  wire::Bytes payload;  // behind the IP header
  bool fragment = false;
};

// Reads as far as the ports; nullopt when there is no whole IP header. Ports are those of UDP and TCP, and 0
// in fragments behind the first.
[[nodiscard]] std::optional<FlowPacket> read_flow(wire::Bytes ip_packet);

// The SPI of an ESP packet, in UDP or plain; nullopt for everything else.
[[nodiscard]] std::optional<std::uint32_t> read_spi(const FlowPacket& packet);

[[nodiscard]] std::string protocol_name(std::uint8_t protocol);

}  // namespace espgate::replay
