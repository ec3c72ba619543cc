// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/refusal.h"
#include "crypto/diffie_hellman.h"
#include "crypto/ike_cipher.h"
#include "crypto/ike_hash.h"
#include "wire/isakmp_sa.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control::ike {

// The algorithms of an IKE SA. The PRF is HMAC with the hash (RFC 2409 §4).
struct Phase1Suite {
  crypto::IkeCipher cipher = crypto::IkeCipher::aes_cbc;
  std::uint16_t key_bits = 256;
  crypto::IkeHash hash = crypto::IkeHash::sha2_256;
  crypto::DhGroup group = crypto::DhGroup::modp2048;

  [[nodiscard]] std::size_t key_bytes() const { return key_bits / 8U; }
  // "aes256-sha256-modp2048", as ike.legacy and strongSwan write it.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Phase1Suite&, const Phase1Suite&) = default;
};

struct Phase1Policy {
  std::vector<Phase1Suite> legacy;  // accepted beside what always is
  // Accepted without being named: AES-CBC, SHA-1 or SHA-2, groups 14, 15, 16, 19, 20, 21, 31.
  [[nodiscard]] bool accepts(const Phase1Suite& suite) const;
};

// One transform of an offer, chosen: what the answer repeats (RFC 2408 §4.2).
struct Phase1Choice {
  Phase1Suite suite;
  std::uint8_t proposal_number = 1;
  std::uint8_t transform_number = 1;
  std::uint8_t transform_id = 1;
  wire::Bytes attributes;              // inside the offer
  std::uint64_t lifetime_seconds = 0;  // 0: none was named

  // The body of the answering SA payload.
  [[nodiscard]] std::vector<std::byte> answer() const;
};

// What one transform asks for; nullopt: it makes no sense, or nothing that we know.
struct Phase1Offer {
  Phase1Suite suite;
  std::uint64_t lifetime_seconds = 0;
};
[[nodiscard]] std::optional<Phase1Offer> read_phase1_transform(const wire::IsakmpTransform& transform);

// The transform of the whole offer that we like best. `racoon`: the peer is of racoon's family, whose
// SHA2-256 is cut wrong on some systems, so that it comes behind SHA1 and SHA2-512. Refusal: no_proposal,
// which says what was offered and what ike.legacy would have to name. The choice points into the offer.
[[nodiscard]] Expected<Phase1Choice> choose_phase1(const wire::IsakmpSa& offer, const Phase1Policy& policy,
                                                   bool racoon);

// The body of an SA payload that offers `suites`, in that order.
[[nodiscard]] std::vector<std::byte> offer_phase1(const std::vector<Phase1Suite>& suites,
                                                  std::uint32_t lifetime_seconds);

}  // namespace espgate::control::ike
