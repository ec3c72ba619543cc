// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/error.h"
#include "crypto/engine.h"
#include "crypto/secret.h"
#include "dataplane/sa.h"
#include "dataplane/session.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace espgate::client {

// One direction's SA, as whoever agreed on it with the gateway knows it.
struct SaParameters {
  std::uint32_t spi = 0;
  crypto::SuiteId suite = 0;
  bool esn = false;
  crypto::SecretBytes cipher_key;  // with the salt of AEADs behind it
  crypto::SecretBytes integrity_key;
};

// Ids of the L2TP session: each end is addressed by those that it gave (RFC 2661 §3.1).
struct SessionParameters {
  std::uint16_t gateway_tunnel = 0;
  std::uint16_t gateway_session = 0;
  std::uint16_t client_tunnel = 0;
  std::uint16_t client_session = 0;
};

// The client's SAs and its session, in the form that the stages read. Who fills it in is nobody's business
// here: the static peer of a configuration does so once; a negotiation adds SAs and changes the outbound one
// as it rekeys. One thread.
class Tunnel {
 public:
  // `engine` must outlive the tunnel's keys' use.
  explicit Tunnel(crypto::Engine& engine);
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  // Takes packets of one more SA from now on. Error: the engine does not take the keys.
  [[nodiscard]] Expected<void> add_inbound(const SaParameters& sa, std::uint32_t window_packets);
  // Sends on this SA from now on, beginning with the number `first_sequence`. Error: as above; nothing has
  // changed.
  [[nodiscard]] Expected<void> set_outbound(const SaParameters& sa, std::uint64_t first_sequence);
  // Has one more SA to send on, which use_outbound() makes the one that is sent on: numbers of an SA that is
  // left go on where they were when it is taken up again. Error: as above.
  [[nodiscard]] Expected<void> add_outbound(const SaParameters& sa, std::uint64_t first_sequence);
  void use_outbound(std::uint32_t spi);
  // An SA that is sent on is no more: nothing is sent until another one is in use.
  void remove_outbound(std::uint32_t spi);
  void remove_inbound(std::uint32_t spi);
  // The session, for PPP alone until IP may pass.
  void add_session(const SessionParameters& ids);
  void open_session(const SessionParameters& ids);
  void open_for_ip() { session_.open_for_ip = true; }

  // nullptr: no SA of ours has this SPI.
  [[nodiscard]] dataplane::InboundSa* find_inbound(std::uint32_t spi) const;
  [[nodiscard]] dataplane::OutboundSa& outbound() { return outbound_->sa; }
  [[nodiscard]] const dataplane::OutboundSa& outbound() const { return outbound_->sa; }
  [[nodiscard]] bool has_outbound() const { return outbound_ != &none_; }
  [[nodiscard]] dataplane::Session& session() { return session_; }
  // Whether there is an SA to send on and a session to send in.
  [[nodiscard]] bool is_open() const { return has_outbound() && session_.open_for_ip; }

 private:
  struct Inbound {
    explicit Inbound(std::uint32_t window_packets) : sa(window_packets) {}
    std::unique_ptr<crypto::Key> key;
    dataplane::InboundSa sa;
  };

  struct Outbound {
    std::unique_ptr<crypto::Key> key;
    dataplane::OutboundSa sa;
  };

  crypto::Engine& engine_;
  dataplane::Peer peer_;
  dataplane::Session session_;
  std::vector<std::unique_ptr<Inbound>> inbound_;  // one, or a few while a rekey is under way
  std::vector<std::unique_ptr<Outbound>> outbounds_;
  Outbound none_;
  Outbound* outbound_ = &none_;
};

}  // namespace espgate::client
