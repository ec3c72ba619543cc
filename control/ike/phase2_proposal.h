// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/refusal.h"
#include "crypto/diffie_hellman.h"
#include "crypto/suite.h"
#include "wire/isakmp_sa.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control::ike {

struct Phase2Policy {
  std::vector<crypto::SuiteId> legacy;  // suites accepted beside those that are not legacy
  bool udp_encapsulation = true;        // as NAT traversal has found out
  bool racoon = false;                  // as choose_phase1()

  [[nodiscard]] bool accepts(crypto::SuiteId suite) const;
};

// What one ESP transform asks for (RFC 2407 §4.5).
struct Phase2Offer {
  crypto::SuiteId suite = 0;
  std::uint16_t encapsulation_mode = 0;  // 0: not named
  bool esn = false;                      // RFC 4304 §2
  std::optional<crypto::DhGroup> group;  // with perfect forward secrecy
  std::uint64_t lifetime_seconds = 0;    // 0: not named
  std::uint64_t lifetime_kilobytes = 0;
};
// nullopt: it makes no sense, or is nothing that we know.
[[nodiscard]] std::optional<Phase2Offer> read_phase2_transform(const wire::IsakmpTransform& transform);

struct Phase2Choice {
  Phase2Offer offer;
  std::uint8_t proposal_number = 1;
  std::uint8_t transform_number = 1;
  std::uint8_t transform_id = 0;
  std::uint32_t peer_spi = 0;  // what we send to
  wire::Bytes attributes;      // inside the offer

  // The body of the answering SA payload with our SPI.
  [[nodiscard]] std::vector<std::byte> answer(std::uint32_t spi) const;
};

// The transform of the whole offer that we like best: AES-GCM, then AES-CBC with SHA-2, then SHA-1. Refusals:
// tunnel_mode, ip_compression, no_sa_proposal; with what was offered and the remedy. The choice points into
// the offer.
[[nodiscard]] Expected<Phase2Choice> choose_phase2(const wire::IsakmpSa& offer, const Phase2Policy& policy);

struct Phase2Wish {
  std::vector<crypto::SuiteId> suites;  // in the order of the offer
  std::uint16_t encapsulation_mode = 0;
  std::optional<crypto::DhGroup> group;
  std::uint32_t lifetime_seconds = 0;
  std::uint32_t spi = 0;
};
// The body of an SA payload that asks for it.
[[nodiscard]] std::vector<std::byte> offer_phase2(const Phase2Wish& wish);

// The suites that are accepted without being named, best first.
[[nodiscard]] std::vector<crypto::SuiteId> preferred_suites();

}  // namespace espgate::control::ike
