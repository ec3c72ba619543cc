// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "control/ike/payloads.h"
#include "control/ike/protected_message.h"
#include "control/ike/settings.h"
#include "wire/isakmp.h"

#include <string>
#include <vector>

namespace espgate::control::ike {

// Main mode with pre-shared keys (RFC 2409 §5.4), message by message; who keeps what, and when a message is
// sent, is the caller's business.
//
//   initiator                                responder
//   1  HDR, SA, VID …                ->
//                                     <-  2  HDR, SA, VID …
//   3  HDR, KE, Ni, NAT-D, NAT-D …   ->
//                                     <-  4  HDR, KE, Nr, NAT-D, NAT-D …
//   5  HDR*, IDii, HASH_I [, N]      ->                                     from here on UDP 4500
//                                     <-  6  HDR*, IDir, HASH_R

// The first or second message. Views are into the datagram.
struct SaMessage {
  wire::Bytes sa_body;
  Phase1Choice choice;
  PeerKind kind;
};
// Refusals: malformed, no_proposal.
[[nodiscard]] Expected<SaMessage> read_sa_message(const wire::IsakmpMessage& message,
                                                  const Phase1Policy& policy);

// The third or fourth message.
struct KeyMessage {
  wire::Bytes public_value;
  wire::Bytes nonce;
  std::vector<wire::Bytes> nat_d;
};
// Refusals: malformed, bad_key_exchange: a public value of another length.
[[nodiscard]] Expected<KeyMessage> read_key_message(const Payloads& payloads, const Phase1Suite& suite,
                                                    NatTraversal version);

// Who the fifth, or sixth, message says it is from.
struct AuthMessage {
  std::string identity;
  std::vector<std::byte> id_body;
  wire::IpAddress address;  // of an identity that is one; else any
  bool initial_contact = false;
};
// The hash over the exchange that proves that a side has the key: HASH_I or HASH_R (RFC 2409 §5).
[[nodiscard]] crypto::HashValue phase1_hash(const IkeSa& sa, const Phase1& phase1, bool of_initiator,
                                            wire::Bytes id_body);
// Opens it under the keys that `sa` has now. Refusals: malformed (it is no message under this key), bad_hash.
[[nodiscard]] Expected<AuthMessage> read_auth_message(const IkeSa& sa, const Phase1& phase1,
                                                      bool from_initiator, const OpenedMessage& message);

// SKEYID, the keys that follow and the first IV, from g^xy, the nonces and that key.
void derive_keys(IkeSa& sa, Phase1& phase1, wire::Bytes psk);

// Our identity payload's body.
[[nodiscard]] std::vector<std::byte> own_identity(const Settings& settings);

// Messages 1 and 2, and the vendor ids of both.
[[nodiscard]] std::vector<std::byte> build_first(const Cookies& cookies, wire::Bytes sa_body);
[[nodiscard]] std::vector<std::byte> build_second(const Cookies& cookies, const Phase1Choice& choice,
                                                  const PeerKind& kind);
// Messages 3 and 4. `nat_d`: the bodies of the NAT-D payloads, the peer's first; none without NAT traversal.
[[nodiscard]] std::vector<std::byte> build_key_message(const IkeSa& sa, wire::Bytes public_value,
                                                       wire::Bytes nonce,
                                                       const std::vector<std::vector<std::byte>>& nat_d);
// Messages 5 and 6. Moves phase1.iv on.
[[nodiscard]] std::vector<std::byte> build_auth_message(const IkeSa& sa, Phase1& phase1, wire::Bytes id_body,
                                                        bool from_initiator);

// The NAT-D payloads of our fourth message: the peer's spoilt, so that it believes itself translated and
// encapsulates always; ours as the peer expects it, so that it does not believe us to be, which Windows
// refuses without a registry key. `random`: what the spoilt one holds.
[[nodiscard]] std::vector<std::vector<std::byte>> own_nat_d(const IkeSa& sa, const Phase1& phase1,
                                                            const Settings& settings, wire::Bytes random);

}  // namespace espgate::control::ike
