// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "control/ike/payloads.h"
#include "wire/isakmp.h"
#include "wire/isakmp_builder.h"

#include <cstdint>
#include <vector>

namespace espgate::control::ike {

// A message that was decrypted, not yet authenticated.
struct OpenedMessage {
  std::vector<std::byte> bytes;  // with its header; padding at the end
  Payloads payloads;             // inside `bytes`
  IvBlock next_iv{};             // the last ciphertext block

  // Everything behind the HASH payload, which is first, without the padding: what the hashes of phase 2
  // cover (RFC 2409 §5.5).
  [[nodiscard]] wire::Bytes behind_hash() const;
};

// The first IV of a phase-2 exchange (RFC 2409 appendix B).
[[nodiscard]] IvBlock first_iv(const IkeSa& sa, std::uint32_t message_id);

// Decrypts a message of `sa` under an IV. Changes nothing. Refusal: malformed, it is no whole number of
// blocks, or what comes out has no chain of payloads: then the key is another one.
[[nodiscard]] Expected<OpenedMessage> open_message(const IkeSa& sa, const IvBlock& iv,
                                                   const wire::IsakmpMessage& message);

// Whether the first payload is a HASH and the right one: prf(SKEYID_a, M-ID | prefix | rest).
[[nodiscard]] bool has_right_hash(const IkeSa& sa, std::uint32_t message_id, wire::Bytes prefix,
                                  const OpenedMessage& message);

// Encrypts a finished message in place behind its header; `iv` becomes its last block.
void encrypt_message(const IkeSa& sa, IvBlock& iv, std::vector<std::byte>& message);

// Builds a message of phase 2: HASH first, encrypted.
class ProtectedMessage {
 public:
  ProtectedMessage(const IkeSa& sa, wire::IsakmpExchange exchange, std::uint32_t message_id);
  ProtectedMessage& payload(wire::IsakmpPayloadType type, std::initializer_list<wire::Bytes> parts);
  // HASH = prf(SKEYID_a, M-ID | prefix | what follows it).
  [[nodiscard]] std::vector<std::byte> seal(IvBlock& iv, wire::Bytes prefix = {});
  // With a hash computed otherwise: HASH(3) of quick mode.
  [[nodiscard]] std::vector<std::byte> seal_with(IvBlock& iv, const crypto::HashValue& hash);

 private:
  const IkeSa& sa_;
  std::uint32_t message_id_;
  wire::IsakmpBuilder builder_;
};

}  // namespace espgate::control::ike
