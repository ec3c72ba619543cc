// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/negotiator.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::test {

namespace ike = control::ike;
using ike::TimePoint;

[[nodiscard]] wire::IpAddress address(std::string_view text);
[[nodiscard]] ike::Endpoint endpoint(std::string_view text, std::uint16_t port);
[[nodiscard]] std::vector<std::byte> copy(wire::Bytes bytes);
[[nodiscard]] std::vector<std::byte> text_bytes(std::string_view text);

inline constexpr std::string_view group_psk = "lab-preshared-key-0123456789";
inline constexpr std::string_view elastic_ip = "203.0.113.10";
inline constexpr std::string_view gateway_private = "10.20.0.10";
inline constexpr std::string_view nat_public = "198.51.100.2";
inline constexpr std::string_view client_private = "10.10.1.2";

[[nodiscard]] ike::Psk psk(std::string_view key, const std::vector<std::string_view>& prefixes = {});
// A gateway behind an Elastic IP with one group key.
[[nodiscard]] ike::Settings gateway_settings();
// A client with that key that asks for no encapsulation of its own accord.
[[nodiscard]] ike::Settings client_settings(std::string_view inside = client_private);
// All of phase 1 that ike.legacy could name, made of these.
[[nodiscard]] std::vector<ike::Phase1Suite> every_suite(const std::vector<crypto::IkeHash>& hashes,
                                                        const std::vector<crypto::DhGroup>& groups);

// What the fake data plane holds of a pair.
struct InstalledPair {
  std::uint32_t peer_id = 0, slot = 0, spi_in = 0, spi_out = 0;
  std::string key_in, key_out;  // hexadecimal
  crypto::SuiteId suite = 0;
  ike::Lifetime lifetime;
  bool outbound = true;  // false: only what still comes is taken
};

// A negotiator with all that surrounds it: Diffie-Hellman at once, a data plane that takes notes, random
// numbers that are the same in every run.
class IkeNode {
 public:
  explicit IkeNode(ike::Settings settings, std::uint64_t seed = 1,
                   TimePoint start = TimePoint(std::chrono::hours(1)));

  // All return the datagrams that leave.
  std::vector<ike::SendDatagram> give(const ike::Path& path, wire::Bytes datagram);
  std::vector<ike::SendDatagram> pass(std::chrono::milliseconds time);
  std::vector<ike::SendDatagram> settle();
  std::vector<ike::SendDatagram> event(channel::EventType type, const InstalledPair& pair,
                                       const ike::Endpoint& remote = {});
  // What was held back.
  std::vector<ike::SendDatagram> compute();
  std::vector<ike::SendDatagram> install(std::string_view problem = {});

  [[nodiscard]] std::uint64_t refused(ike::Reason reason) const {
    return core.refusals().at(static_cast<std::size_t>(reason));
  }
  // The only peer, or nullptr.
  [[nodiscard]] const ike::Peer* peer() const;
  [[nodiscard]] const InstalledPair* pair_with_spi_in(std::uint32_t spi) const;
  // All that the journal has of an address, newest last.
  [[nodiscard]] std::string journal(const wire::IpAddress& of) const;
  [[nodiscard]] std::string all_reports() const;
  // Everything about all peers that an unauthenticated datagram must leave alone.
  [[nodiscard]] std::string digest() const;

  TimePoint now;
  bool hold_computations = false, hold_installs = false;
  std::string install_problem;  // not empty: the data plane takes nothing, and says this
  std::vector<ike::ComputeDiffieHellman> computations;  // held back
  std::vector<ike::InstallPair> installs;               // held back
  std::map<std::uint32_t, InstalledPair> installed;     // by slot
  std::map<std::uint32_t, std::uint32_t> outbound;      // peer → slot
  std::map<std::uint32_t, std::uint64_t> highest;       // by slot: what the counters segment says
  std::vector<ike::Report> reports;
  std::vector<ike::SaveKey> saved_keys;
  std::vector<std::uint32_t> removed_peers;
  std::size_t computed = 0, install_count = 0;
  std::size_t looks = 0;  // at counters: how often peers were served

 private:
  void take(const ike::InstallPair& install);
  void compute(ike::ComputeDiffieHellman job);
  void remember(const ike::InstallPair& install);

  std::uint64_t random_state_;

 public:
  ike::Negotiator core;
};

}  // namespace espgate::test
