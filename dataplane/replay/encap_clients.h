// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/replay/encap_options.h"
#include "dataplane/replay/encap_random.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/sa_keys.h"
#include "dataplane/sa.h"
#include "dataplane/session.h"
#include "wire/ip_address.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace espgate::replay {

// A made-up client: one SA pair, one L2TP tunnel with one session, of which the direction in use is set up.
struct EncapClient {
  std::uint32_t address = 0;    // outer, host order; the NAT's where it is behind one
  std::uint16_t natt_port = 0;  // outer UDP port; 0 with plain ESP
  std::unique_ptr<crypto::Key> key;
  dataplane::OutboundSa sa;
  dataplane::Session session;
};

// The clients of one run. Keys, SPIs, ids and ports of a client do not depend on how many come after it.
class EncapClients {
 public:
  // `options` have been checked. `engine` must outlive the clients. Error: a key that the engine refuses.
  [[nodiscard]] static Expected<std::unique_ptr<EncapClients>> create(const EncapOptions& options,
                                                                      crypto::Engine& engine);

  // The client whose own address, inside the tunnel, `inner` is. An address that is new gets the next client,
  // in order, and around again once all have one.
  [[nodiscard]] EncapClient& owner_of(const wire::IpAddress& inner);

  [[nodiscard]] const std::deque<EncapClient>& all() const { return clients_; }
  [[nodiscard]] std::size_t inner_addresses() const { return owners_.size(); }
  // Both directions of every client: to the server, to the client, and so on.
  [[nodiscard]] std::span<const SaKeys> keys() const { return keys_; }

 private:
  struct Hash {
    std::size_t operator()(const wire::IpAddress& address) const noexcept;
  };
  // How the server numbers the client's tunnel and session, and the client the server's.
  struct L2tpIds {
    std::uint16_t server_tunnel, server_session, client_tunnel, client_session;
  };

  EncapClients(const EncapOptions& options, EncapRandom random) : options_(options), random_(random) {}

  Expected<void> add(crypto::Engine& engine);
  void place(EncapClient& client);
  void add_keys(const EncapClient& client, EncapDirection direction);
  Expected<void> set_up_sa(EncapClient& client, const SaKeys& keys, crypto::Engine& engine);
  void set_up_session(EncapClient& client);
  [[nodiscard]] std::uint16_t free_nat_port();
  [[nodiscard]] std::uint32_t free_spi();

  const EncapOptions& options_;
  EncapRandom random_;
  std::deque<EncapClient> clients_;
  std::vector<SaKeys> keys_;
  std::unordered_set<std::uint32_t> spis_;
  std::unordered_set<std::uint16_t> ports_;
  std::uint32_t tunnel_base_ = 0;
  std::unordered_map<wire::IpAddress, EncapClient*, Hash> owners_;
};

}  // namespace espgate::replay
