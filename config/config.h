// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dial_in.h"
#include "config/ike.h"
#include "config/location.h"
#include "config/radius.h"
#include "crypto/engine.h"
#include "crypto/secret.h"
#include "crypto/suite.h"
#include "wire/ipv4_prefix.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace espgate::config {

// A DPDK port and the IPv4 network on it. [outside], [inside].
struct Port {
  std::string device;                    // as EAL takes it: "net_af_packet0,iface=s0", "0000:00:06.0"
  wire::Ipv4Prefix address;              // ours, with the length of the network on the link
  std::optional<std::uint32_t> gateway;  // next hop of the default route (outside), or of what no route names
  std::uint16_t mtu = 1500;              // bytes of an IP packet on this link, 576 to 9001
  Location where;
};

// [[route]]: another network behind a next hop on one of the links.
struct Route {
  wire::Ipv4Prefix prefix;
  std::uint32_t via = 0;
  Location where;
};

enum class Idle : std::uint8_t {
  poll,      // a worker without work spins
  adaptive,  // it backs off: rx interrupts where the device has them, short sleeps else
};

enum class Hugepages : std::uint8_t { automatic, on, off };

struct Workers {
  unsigned count = 1;
  std::vector<unsigned> cores;  // CPU of each worker; empty: chosen from those this process may use
  Idle idle = Idle::poll;
};

// One direction of a static peer.
struct StaticSa {
  std::uint32_t spi = 0;
  crypto::SecretBytes cipher_key;  // with the salt of AEADs behind it
  crypto::SecretBytes integrity_key;
};

// [[static_peer]]: a client whose SAs and session are given by hand.
struct StaticPeer {
  std::string name;
  crypto::SuiteId suite = 0;
  bool esn = false;
  std::uint32_t replay_window = 1024;  // packets
  std::optional<std::uint32_t>
      remote_address;  // until the client is heard; without it nothing is sent before
  std::uint16_t remote_port = 4500;
  std::uint32_t inner_address = 0;
  StaticSa inbound;          // what the client sends
  StaticSa outbound;         // what it receives
  std::uint16_t tunnel = 0;  // L2TP ids that we gave, 1 to 65535
  std::uint16_t session = 0;
  std::uint16_t peer_tunnel = 0;  // and those that the client gave
  std::uint16_t peer_session = 0;
  std::uint16_t mru = 1400;  // largest inner packet to the client
  Location where;
};

// The whole file.
struct Config {
  Port outside;
  std::optional<Port> inside;  // without it, `outside` serves both sides
  // With one port for both sides, clear packets are taken from these networks only.
  std::vector<wire::Ipv4Prefix> inside_prefixes;
  std::vector<Route> routes;
  std::uint16_t outer_mtu = 1500;               // no outer packet is larger
  std::optional<std::uint32_t> public_address;  // the Elastic IP: only ever an identity, never on a port
  wire::Ipv4Prefix client_pool;                 // inner addresses
  std::vector<Pool> pools;                      // parts of it
  bool client_to_client = false;                // whether clients reach one another
  Workers workers;
  crypto::EngineChoice engine = crypto::EngineChoice::automatic;
  Hugepages hugepages = Hugepages::automatic;
  unsigned memory_megabytes = 0;                             // 0: worked out
  unsigned buffers = 0;                                      // ordinary packet buffers; 0: worked out
  unsigned reassembly_datagrams = 256;                       // incomplete outer datagrams a worker, at most
  std::filesystem::path runtime_directory = "/run/espgate";  // sockets
  std::filesystem::path state_directory;                     // what outlives a restart; empty: nothing does
  std::string control_user;  // who control runs as, by name or number; empty: the data plane's own user
  std::string log_level = "info";
  std::filesystem::path debug_log;  // all that clients do, without limit; empty: no such file
  Ike ike;
  L2tp l2tp;
  Ppp ppp;
  Users users;
  std::vector<Group> groups;
  Radius radius;
  std::vector<StaticPeer> static_peers;
  std::string file;

  // The port that carries the private side.
  [[nodiscard]] const Port& private_port() const { return inside ? *inside : outside; }
  // Our address inside the tunnels.
  [[nodiscard]] std::uint32_t gateway_address() const {
    return ppp.gateway_address.value_or(private_port().address.address);
  }
};

}  // namespace espgate::config
