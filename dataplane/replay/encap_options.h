// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "crypto/suite.h"
#include "dataplane/replay/capture_writer.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/key_file.h"

#include <cstdint>
#include <optional>
#include <string>

namespace espgate::replay {

inline constexpr std::uint32_t max_encap_clients = 100'000;
// What one address of a NAT has for clients: 1024 to 65535.
inline constexpr std::uint32_t nat_ports = 65535 - 1024 + 1;

// Whose packets they are: the clients' own, or what the gateway sends them.
enum class EncapDirection : std::uint8_t { to_server, to_client };

// Addresses in host order.
struct Ipv4Network {
  std::uint32_t first = 0;  // the network's own address
  unsigned prefix_length = 32;

  // That hosts can have: all but the network's own and the broadcast address, where it has them (RFC 3021).
  [[nodiscard]] std::uint64_t hosts() const;
  [[nodiscard]] std::uint32_t host(std::uint32_t index) const;
  [[nodiscard]] bool contains(std::uint32_t address) const;
  [[nodiscard]] std::string to_string() const;
};

struct EncapOptions {
  std::string input;
  std::string output;      // empty: nothing is written
  std::string key_output;  // likewise
  KeyFormat key_format = KeyFormat::json;
  OutputLink link = OutputLink::ethernet;
  std::uint32_t clients = 1;
  crypto::SuiteId suite = 0;
  crypto::EngineChoice engine = crypto::EngineChoice::automatic;
  EncapDirection direction = EncapDirection::to_server;

  bool length_field = false;  // of L2TP
  bool compress_ppp = false;  // no address and control field, protocol field of one byte
  std::optional<std::uint16_t> client_port = 1701;  // inner UDP port; nullopt: random, one for each client
  bool plain_esp = false;
  bool esn = false;
  std::uint64_t sequence_start = 1;
  std::uint16_t mtu = 65535;  // of the outer IP packet

  std::uint32_t server = 0;                        // host order, as the next two
  std::optional<std::uint32_t> nat_address;        // all clients are behind it
  std::optional<Ipv4Network> client_network = {};  // nullopt: a documentation network that is large enough

  std::optional<std::uint64_t> seed;  // of keys, SPIs, ids and ports; nullopt: truly random
  std::uint64_t loops = 1;
  double duration_seconds = 0;  // 0: as many rounds as `loops` says
  bool json = false;

  [[nodiscard]] bool repeats() const { return loops > 1 || duration_seconds > 0; }
  // Where the clients' outer addresses come from.
  [[nodiscard]] Ipv4Network network() const;
};

// Options as the command line has them, those whose text we parse ourselves so that a wrong one is explained
// like any other error.
struct EncapTexts {
  std::string suite;
  std::string key_format = "json";
  std::string engine = "auto";
  std::string link = "ethernet";
  std::string direction = "to-server";
  std::string client_port = "1701";
  std::string server = "203.0.113.10";
  std::string nat_address;
  std::string client_network;
};

// Error: usage, with the option's name.
[[nodiscard]] Expected<void> parse_texts(const EncapTexts& texts, EncapOptions& options);

// What no option can be wrong about alone: addresses and ports for all clients, sequence numbers, files that
// would overwrite each other.
[[nodiscard]] Expected<void> check_options(const EncapOptions& options);

}  // namespace espgate::replay
