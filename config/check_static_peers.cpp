// SPDX-License-Identifier: Apache-2.0
#include "config/checks.h"
#include "config/mru.h"
#include "config/printable.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include <fmt/format.h>

namespace espgate::config {
namespace {

// An inbound SPI of ours: 4 bits node, 18 bits slot, 10 bits generation. The slot is where the data plane
// looks.
constexpr unsigned slot_shift = 10;
constexpr std::uint32_t slot_mask = (1U << 18) - 1;
constexpr std::uint32_t first_free_spi = 256;  // RFC 4303 §2.1 reserves those below

std::uint32_t slot_of(std::uint32_t spi) { return spi >> slot_shift & slot_mask; }

std::string peer_path(std::size_t index, std::string_view key) {
  return fmt::format("static_peer[{}].{}", index, key);
}

struct LessBytes {
  bool operator()(std::span<const std::byte> a, std::span<const std::byte> b) const {
    return std::ranges::lexicographical_compare(a, b);
  }
};

class PeerChecks {
 public:
  explicit PeerChecks(Checker& checker) : checker_(checker), config_(checker.config) {
    for (const StaticPeer& peer : config_.static_peers) taken_slots_.insert(slot_of(peer.inbound.spi));
  }

  void check(std::size_t index) {
    const StaticPeer& peer = config_.static_peers[index];
    name(index, peer);
    addresses(index, peer);
    spis(index, peer);
    suite(index, peer);
    keys(index, peer.inbound, peer, "inbound");
    keys(index, peer.outbound, peer, "outbound");
  }

 private:
  void name(std::size_t index, const StaticPeer& peer) {
    if (names_.insert(peer.name).second) return;
    checker_.error(peer_path(index, "name"),
                   fmt::format("there are two static peers {}", in_quotes(peer.name)));
  }

  void addresses(std::size_t index, const StaticPeer& peer) {
    const std::string path = peer_path(index, "inner_address");
    const std::string text = address_text(peer.inner_address);
    const auto [other, is_new] = inner_addresses_.emplace(peer.inner_address, &peer);
    if (!is_new)
      checker_.error(path, fmt::format("{} and {} have the same inner_address {}",
                                       in_quotes(other->second->name), in_quotes(peer.name), text));
    if (!config_.client_pool.contains(peer.inner_address)) {
      checker_.error(
          path, fmt::format("inner_address {} is not in the pool {}", text, config_.client_pool.to_string()),
          "clients.pool must hold the addresses of all clients, static ones too");
    }
    if (!peer.remote_address) return;
    const std::string remote = address_text(*peer.remote_address);
    if (!is_host_address(*peer.remote_address)) {
      checker_.error(peer_path(index, "remote"),
                     fmt::format("remote {} is no address that a client can have", remote));
    } else if (peer.remote_address == config_.outside.address.address ||
               peer.remote_address == config_.public_address) {
      checker_.error(peer_path(index, "remote"), fmt::format("remote {} is the gateway itself", remote),
                     "\"remote\" is where the client is");
    } else if (config_.client_pool.contains(*peer.remote_address)) {
      checker_.error(peer_path(index, "remote"),
                     fmt::format("remote {} is in the pool, whose addresses are inside the tunnels", remote),
                     "\"remote\" is the client's outer address");
    }
  }

  void spis(std::size_t index, const StaticPeer& peer) {
    inbound_spi(index, peer);
    if (peer.outbound.spi < first_free_spi) {
      checker_.error(peer_path(index, "outbound.spi"),
                     fmt::format("outbound SPI {} is reserved (RFC 4303 §2.1)", peer.outbound.spi),
                     "it is the client's to choose, from 256 on");
    }
  }

  void inbound_spi(std::size_t index, const StaticPeer& peer) {
    const std::uint32_t slot = slot_of(peer.inbound.spi);
    const std::string path = peer_path(index, "inbound.spi");
    const auto use = [&] { return fmt::format("use {:#010x}", free_spi(peer.inbound.spi)); };
    if (slot == 0) {
      return checker_.error(
          path,
          fmt::format("inbound SPI {:#010x} has zeros in bits 10 to 27, by which the data plane finds "
                      "an SA, and 0 stands for none",
                      peer.inbound.spi),
          use());
    }
    const auto [other, is_new] = slots_.emplace(slot, &peer);
    if (is_new) return;
    checker_.error(
        path,
        fmt::format(
            "inbound SPI {:#010x} has the same bits 10 to 27 as that of {}, {:#010x}: by them the data "
            "plane finds an SA",
            peer.inbound.spi, in_quotes(other->second->name), other->second->inbound.spi),
        use());
  }

  void suite(std::size_t index, const StaticPeer& peer) {
    const crypto::Suite& suite = crypto::suite(peer.suite);
    const std::string path = peer_path(index, "suite");
    if (suite.is_aead() && config_.state_directory.empty()) {
      checker_.error(
          path,
          fmt::format(
              "{} without runtime.state_directory: after a restart sequence numbers go on from the clock, "
              "which a busy SA may have overtaken, and a nonce that repeats under one key gives the key "
              "stream away",
              suite.name),
          "set runtime.state_directory, or use a CBC suite like \"aes256-sha256\"");
    }
    if (suite.legacy)
      checker_.warn(path, fmt::format("{} is legacy and protects little", suite.name),
                    "prefer \"aes256-sha256\"");
    const unsigned largest = largest_mru(suite, config_.outer_mtu);
    if (peer.mru > largest) {
      checker_.warn(peer_path(index, "mru"),
                    fmt::format("mru {} is more than {} leaves of outer packets of {} bytes: {}", peer.mru,
                                suite.name, config_.outer_mtu, largest),
                    fmt::format("write mru = {}", largest));
    }
  }

  // The IV of an AEAD is the sequence number: two SAs with one key send the same nonces.
  void keys(std::size_t index, const StaticSa& sa, const StaticPeer& peer, std::string_view direction) {
    const crypto::SecretBytes& key = sa.cipher_key.empty() ? sa.integrity_key : sa.cipher_key;
    const auto [other, is_new] =
        keys_.emplace(key.bytes(), fmt::format("{} of {}", direction, in_quotes(peer.name)));
    if (is_new) return;
    const std::string what = fmt::format("{} has the same key as {}", direction, other->second);
    const std::string hint = "every SA needs a key of its own";
    if (crypto::suite(peer.suite).is_aead()) {
      checker_.error(peer_path(index, direction), what + ", so nonces repeat and give the key stream away",
                     hint);
    } else {
      checker_.warn(peer_path(index, direction), what, hint);
    }
  }

  // An SPI like `spi` in a slot that no static peer has. A file has far fewer peers than there are slots.
  [[nodiscard]] std::uint32_t free_spi(std::uint32_t spi) const {
    std::uint32_t slot = slot_of(spi);
    while (slot == 0 || taken_slots_.contains(slot)) slot = (slot + 1) & slot_mask;
    return (spi & ~(slot_mask << slot_shift)) | slot << slot_shift;
  }

  Checker& checker_;
  const Config& config_;
  std::set<std::uint32_t> taken_slots_;
  std::set<std::string> names_;
  std::map<std::uint32_t, const StaticPeer*> inner_addresses_;
  std::map<std::uint32_t, const StaticPeer*> slots_;  // of the peers checked so far
  std::map<std::span<const std::byte>, std::string, LessBytes> keys_;
};

}  // namespace

void check_static_peers(Checker& checker) {
  PeerChecks checks(checker);
  for (std::size_t i = 0; i < checker.config.static_peers.size(); ++i) checks.check(i);
  if (checker.config.static_peers.empty() || !checker.config.state_directory.empty()) return;
  checker.warn(
      "static_peer[0]",
      "without runtime.state_directory nobody remembers how far static peers have counted: after a restart "
      "they go on from the clock, which a busy one may have overtaken, and take old packets again");
}

}  // namespace espgate::config
