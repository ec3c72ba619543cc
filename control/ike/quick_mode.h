// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "control/ike/phase2_proposal.h"
#include "control/ike/protected_message.h"
#include "control/ike/settings.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control::ike {

// Quick mode (RFC 2409 §5.5) in transport mode for L2TP (RFC 3193), message by message.
//
//   1  HDR*, HASH(1), SA, Ni, [KE], [IDci, IDcr], [NAT-OAi, NAT-OAr]   ->
//                                     <-  2  HDR*, HASH(2), SA, Nr, [KE], [IDci, IDcr], [NAT-OAi, NAT-OAr],
//                                     [N]
//   3  HDR*, HASH(3)                                                    ->

// How long an SA lives, as both sides have it after the negotiation.
struct Lifetime {
  std::chrono::seconds seconds{0};
  std::uint64_t kilobytes = 0;  // 0: no limit
  bool shortened = false;       // below what was offered: RESPONDER-LIFETIME says so (RFC 2407 §4.6.3.1)
};
[[nodiscard]] Lifetime settle_lifetime(const Phase2Offer& offer, const Settings& settings);

// What a quick mode carries from message to message.
struct QuickMode {
  enum class State : std::uint8_t {
    computing,   // responder, with perfect forward secrecy: Diffie-Hellman runs
    installing,  // the data plane takes the SAs
    sent_second,
    preparing,  // initiator: our key pair is being made
    sent_first,
    finishing,  // initiator: the second message is there; Diffie-Hellman or the data plane
  };

  State state = State::installing;
  bool we_initiated = false;
  std::vector<std::byte> nonce_i, nonce_r;
  std::vector<std::byte> id_i, id_r;  // bodies; empty: none were sent
  bool nat_oa = false;                // the first message had them
  Phase2Offer offer;
  std::vector<std::byte> sa_answer;  // the body of the answering SA payload
  Lifetime lifetime;
  std::uint32_t slot = 0, spi_in = 0, spi_out = 0;
  std::vector<std::byte> peer_public, own_public;  // with perfect forward secrecy
  crypto::SecretBytes g_xy;
  std::string selector;                       // the peer's, for people
  wire::IpAddress inner;                      // the client's address in its own network
  std::uint16_t client_port = 0;              // 0: any
  std::optional<crypto::DhKeyPair> key_pair;  // as initiator
  std::vector<std::byte> sent;                // as initiator: the last message
  unsigned tries = 0;
  TimePoint again{};
};

// The first message, opened and authenticated. Fills in what it says. Refusals: malformed, no_sa_proposal,
// tunnel_mode, ip_compression, bad_selectors, bad_network, bad_key_exchange.
struct QuickFirst {
  Phase2Choice choice;
  QuickMode quick;
};
[[nodiscard]] Expected<QuickFirst> read_quick_first(const IkeSa& sa, const OpenedMessage& message,
                                                    const Settings& settings);
// Our answer. `quick` has everything but the second message's IV, which moves on.
[[nodiscard]] std::vector<std::byte> build_quick_second(const IkeSa& sa, std::uint32_t message_id,
                                                        const QuickMode& quick, const Settings& settings,
                                                        IvBlock& iv);
// HASH(3) = prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b).
[[nodiscard]] crypto::HashValue quick_third_hash(const IkeSa& sa, std::uint32_t message_id,
                                                 const QuickMode& quick);

// As initiator. `suites`: in the order of the offer.
[[nodiscard]] std::vector<std::byte> build_quick_first(const IkeSa& sa, std::uint32_t message_id,
                                                       const QuickMode& quick,
                                                       const std::vector<crypto::SuiteId>& suites,
                                                       const Settings& settings, IvBlock& iv);
// The second message, opened; HASH(2) is checked here. Fills in what the peer chose. Refusals as above, and
// bad_hash.
[[nodiscard]] Expected<void> read_quick_second(const IkeSa& sa, std::uint32_t message_id,
                                               const OpenedMessage& message, const Settings& settings,
                                               QuickMode& quick);

// The key of one direction: cipher key (with an AEAD's salt), then integrity key (RFC 2409 §5.5, RFC 4106
// §8.1).
[[nodiscard]] crypto::SecretBytes sa_key(const IkeSa& sa, const QuickMode& quick, std::uint32_t spi);

}  // namespace espgate::control::ike
