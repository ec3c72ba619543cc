// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/path.h"
#include "control/ike/payloads.h"
#include "crypto/ike_hash.h"
#include "wire/isakmp_vendor_id.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace espgate::control::ike {

// The versions of NAT traversal that we speak, worst first.
enum class NatTraversal : std::uint8_t { none, draft_02_newline, draft_02, draft_03, rfc3947 };

// The vendor id that stands for it; not for none.
[[nodiscard]] wire::IsakmpVendor vendor_of(NatTraversal version);
// Payload and encapsulation numbers: the RFC's, or the drafts'.
[[nodiscard]] wire::IsakmpPayloadType nat_d_of(NatTraversal version);
[[nodiscard]] wire::IsakmpPayloadType nat_oa_of(NatTraversal version);
[[nodiscard]] std::uint16_t udp_transport_of(NatTraversal version);

// What the vendor ids of a peer's first message say.
struct PeerKind {
  NatTraversal nat_traversal = NatTraversal::none;  // the best that it offers
  bool dpd = false;
  bool fragmentation = false;
  bool microsoft = false;
  bool racoon = false;  // ipsec-tools, Android
  bool apple = false;
  bool strongswan = false;

  // What it most likely is, in words; empty: nobody knows.
  [[nodiscard]] std::string_view guess() const;
  [[nodiscard]] static PeerKind read(const Payloads& payloads);
  friend bool operator==(const PeerKind&, const PeerKind&) = default;
};

// HASH(CKY-I | CKY-R | address | port), RFC 3947 §3.2.
[[nodiscard]] crypto::HashValue nat_d_hash(crypto::IkeHash hash, std::uint64_t cky_i, std::uint64_t cky_r,
                                           const Endpoint& endpoint);

// What a peer's NAT-D payloads say, seen from us.
struct NatSituation {
  bool peer_translated = false;  // none of its own hashes is that of where its message came from
  bool we_translated = false;    // its hash of us is that of no address of ours
};
// `ours`: the addresses under which a peer may know us, with the port that its message came to.
[[nodiscard]] NatSituation compare_nat_d(const std::vector<wire::Bytes>& payloads, crypto::IkeHash hash,
                                         std::uint64_t cky_i, std::uint64_t cky_r, const Endpoint& peer,
                                         const std::vector<Endpoint>& ours);

}  // namespace espgate::control::ike
