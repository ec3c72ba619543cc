// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/diffie_hellman.h"
#include "crypto/ike_cipher.h"
#include "crypto/ike_hash.h"
#include "crypto/suite.h"
#include "wire/parse.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::client::ike {

// The algorithms of an IKE SA, whose PRF is HMAC with the hash (RFC 2409 §4).
struct IkeProposal {
  crypto::IkeCipher cipher = crypto::IkeCipher::aes_cbc;
  std::uint16_t key_bits = 256;
  crypto::IkeHash hash = crypto::IkeHash::sha2_256;
  crypto::DhGroup group = crypto::DhGroup::modp2048;

  // "aes256-sha256-modp2048"; "3des-sha1-modp1024". Nullopt: no such cipher, hash or group.
  [[nodiscard]] static std::optional<IkeProposal> from_string(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const IkeProposal&, const IkeProposal&) = default;
};

// Algorithms of a pair of ESP SAs; with a group, quick mode has a Diffie-Hellman exchange of its own.
struct EspProposal {
  crypto::SuiteId suite = 0;
  std::optional<crypto::DhGroup> group;

  // "aes256-sha256", "aes256gcm16", "aes256-sha1-modp2048". Nullopt: no such suite, or one that IKEv1 has no
  // number for.
  [[nodiscard]] static std::optional<EspProposal> from_string(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

// What is offered where nobody says otherwise, best first: nothing that is broken.
[[nodiscard]] std::vector<IkeProposal> usual_ike_proposals();
[[nodiscard]] std::vector<EspProposal> usual_esp_proposals();
// "aes256-sha256-modp2048, …", for messages.
template <typename Proposal>
[[nodiscard]] std::string list_of(std::span<const Proposal> proposals) {
  std::string text;
  for (const Proposal& each : proposals) text += (text.empty() ? "" : ", ") + each.to_string();
  return text;
}

// Bodies of SA payloads: one proposal each, with a transform for each of ours (RFC 2409 §5, RFC 2407 §4.4).
[[nodiscard]] std::vector<std::byte> offer_ike(std::span<const IkeProposal> proposals,
                                               std::uint32_t lifetime_seconds);
// Transport mode in UDP (RFC 3947 §5.1). All of `proposals` have the same group, or none.
[[nodiscard]] std::vector<std::byte> offer_esp(std::span<const EspProposal> proposals, std::uint32_t spi,
                                               std::uint32_t lifetime_seconds);

// The transform that stands in an SA payload's body: in an answer of the server's, the only one; in its own
// offer, the first that `ours` has too.
struct ChosenIke {
  IkeProposal proposal;
  std::vector<std::byte> answer;  // body of the SA payload that takes it (RFC 2408 §4.2)
};
struct ChosenEsp {
  EspProposal proposal;
  std::uint32_t spi = 0;               // the server's
  std::uint64_t lifetime_seconds = 0;  // 0: none was named
  // The transform as it came, for answer_esp().
  std::uint8_t proposal_number = 1, transform_number = 1;
  std::vector<std::byte> attributes;
};
// Nullopt: nothing of `ours`, or malformed. An answer with more than one transform is malformed (§4.2).
[[nodiscard]] std::optional<ChosenIke> choose_ike(wire::Bytes sa_body, std::span<const IkeProposal> ours,
                                                  bool is_answer);
[[nodiscard]] std::optional<ChosenEsp> choose_esp(wire::Bytes sa_body, std::span<const EspProposal> ours,
                                                  bool is_answer);
[[nodiscard]] std::vector<std::byte> answer_esp(const ChosenEsp& chosen, std::uint32_t own_spi);

}  // namespace espgate::client::ike
