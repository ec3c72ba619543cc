// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "crypto/secret.h"
#include "crypto/suite.h"
#include "wire/ethernet.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::bench {

// How the inner packets travel: ESP in tunnel mode, which every IPsec gateway takes, or as an L2TP client
// sends them: UDP 4500, transport mode, L2TP, PPP.
enum class Shape : std::uint8_t { tunnel, l2tp };

// What the traffic of one case is. Everything else follows from it, keys included, so that the program that
// makes the packets and those that receive them need no file of keys between them.
struct Traffic {
  crypto::SuiteId suite = 0;
  Shape shape = Shape::tunnel;
  std::vector<std::uint16_t> sizes;  // of whole inner packets, in equal shares
  std::uint32_t sas = 1;
  std::uint32_t packets = 1024;  // of the capture, a multiple of `sas` or less than it

  // "64", or "imix": 64, 570 and 1400 bytes at 7:4:1. nullopt: no size.
  [[nodiscard]] static std::optional<std::vector<std::uint16_t>> parse_sizes(std::string_view text);
};

// What both ends of tunnel `index` agree on. Addresses in host order.
struct Agreement {
  Agreement(const crypto::Suite& suite, std::uint32_t index);

  [[nodiscard]] std::unique_ptr<crypto::Key> make_key(crypto::Engine& engine, crypto::SuiteId suite) const;

  crypto::SecretBytes cipher_key;  // with the salt of an AEAD behind it
  crypto::SecretBytes integrity_key;
  std::uint32_t slot;
  std::uint32_t spi;  // of the slot; below 2^28, as ipsec-secgw reads SPIs with atoi
  std::uint16_t tunnel, session;
  std::uint32_t outer_source;  // the client's
  std::uint16_t outer_port;
  std::uint32_t inner_source;
};

inline constexpr std::uint32_t gateway_address = 0xcb00'7101;  // 203.0.113.1
inline constexpr std::uint32_t inner_pool = 0x0a40'0000;       // 10.64.0.0/14: clients
inline constexpr std::uint32_t inner_servers = 0x0a80'0000;    // 10.128.0.0/9: what they talk to
// The address that net_pcap gives the first port it makes.
inline constexpr wire::MacAddress pcap_mac{
    {std::byte{2}, std::byte{0x70}, std::byte{0x63}, std::byte{0x61}, std::byte{0x70}, std::byte{0}}};

// A frame, and whose it is.
struct Frame {
  std::uint32_t tunnel;
  std::vector<std::byte> bytes;
};

// All frames of the capture: every tunnel equally often, in random order, each tunnel's sequence numbers
// counting up from 1. Encrypts with `engine`.
[[nodiscard]] std::vector<Frame> make_frames(const Traffic& traffic, crypto::Engine& engine);

// From the start of a frame to its ESP header.
[[nodiscard]] std::size_t esp_offset(Shape shape);

// ipsec-secgw's configuration for the same tunnels: port 0 receives, port 1 sends.
[[nodiscard]] std::string secgw_configuration(const Traffic& traffic);

}  // namespace espgate::bench
