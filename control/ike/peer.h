// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "control/ike/quick_mode.h"
#include "crypto/secret.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace espgate::control::ike {

// An SA pair of ESP, made by one quick mode. Its slot names it.
struct SaPair {
  enum class State : std::uint8_t {
    installing,   // the data plane is taking it
    unconfirmed,  // the second message has left; neither the third nor a packet has come
    live,
    leaving,  // its client or its lifetime has ended it: what is still on its way is taken until remove_at
  };

  State state = State::installing;
  std::uint32_t slot = 0, spi_in = 0, spi_out = 0;
  Cookies ike_sa;  // under which it was negotiated
  Phase2Offer offer;
  Lifetime lifetime;
  TimePoint created{}, renew{}, expires{}, remove_at{};
  bool renewing = false;                     // a quick mode to replace it was begun
  std::vector<std::byte> client_id, our_id;  // bodies of the selectors
  bool nat_oa = false;
  std::string selector;  // the client's, for people
  wire::IpAddress inner;
  std::uint16_t client_port = 0;
  crypto::SecretBytes key_in, key_out;  // cipher key, salt, integrity key
  std::uint64_t highest_seen = 0;       // inbound sequence at the last look: traffic is life

  [[nodiscard]] bool udp_encapsulation() const {
    return offer.encapsulation_mode != static_cast<std::uint16_t>(wire::EncapsulationMode::transport);
  }
};

// A client's IKE lineage: its IKE SAs, the newest last, and its SA pairs.
struct Peer {
  static constexpr std::size_t most_ike_sas = 4;
  static constexpr std::size_t most_pairs = 8;  // as the data plane has room for

  std::uint32_t id = 0;
  Path path;              // of its last authenticated packet
  std::string identity;   // what it says of itself; with a group key this proves nothing
  wire::IpAddress inner;  // its address inside its own network
  TimePoint created{}, heard{};
  std::vector<std::unique_ptr<IkeSa>> ike_sas;
  std::vector<std::unique_ptr<SaPair>> pairs;
  TimePoint probe_again{};  // dead peer detection: when the next probe is due
  unsigned probes = 0;      // since it was last heard
  TimePoint keepalive_at{};
  TimePoint armed = TimePoint::max();  // the wake-up that counts; others that are still on their way do not

  // The newest established one, or nullptr.
  [[nodiscard]] IkeSa* ike_sa() const {
    for (auto at = ike_sas.rbegin(); at != ike_sas.rend(); ++at)
      if ((*at)->is_established()) return at->get();
    return nullptr;
  }
  [[nodiscard]] SaPair* find_pair(std::uint32_t slot) const {
    for (const auto& pair : pairs)
      if (pair->slot == slot) return pair.get();
    return nullptr;
  }
  // The newest that carries traffic, or nullptr.
  [[nodiscard]] SaPair* live_pair() const {
    for (auto at = pairs.rbegin(); at != pairs.rend(); ++at)
      if ((*at)->state == SaPair::State::live) return at->get();
    return nullptr;
  }
};

}  // namespace espgate::control::ike
