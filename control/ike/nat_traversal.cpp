// SPDX-License-Identifier: Apache-2.0
#include "control/ike/nat_traversal.h"

#include "wire/big_endian.h"
#include "wire/isakmp_numbers.h"

#include <algorithm>
#include <array>

namespace espgate::control::ike {
namespace {

NatTraversal version_of(wire::IsakmpVendor vendor) {
  switch (vendor) {
    case wire::IsakmpVendor::rfc3947:
      return NatTraversal::rfc3947;
    case wire::IsakmpVendor::nat_t_draft_03:
      return NatTraversal::draft_03;
    case wire::IsakmpVendor::nat_t_draft_02:
      return NatTraversal::draft_02;
    case wire::IsakmpVendor::nat_t_draft_02_newline:
      return NatTraversal::draft_02_newline;
    default:
      return NatTraversal::none;
  }
}

bool is_hash(wire::Bytes payload, const crypto::HashValue& hash) {
  return std::ranges::equal(payload, hash.span());
}

}  // namespace

wire::IsakmpVendor vendor_of(NatTraversal version) {
  switch (version) {
    case NatTraversal::none:
      break;
    case NatTraversal::draft_02_newline:
      return wire::IsakmpVendor::nat_t_draft_02_newline;
    case NatTraversal::draft_02:
      return wire::IsakmpVendor::nat_t_draft_02;
    case NatTraversal::draft_03:
      return wire::IsakmpVendor::nat_t_draft_03;
    case NatTraversal::rfc3947:
      return wire::IsakmpVendor::rfc3947;
  }
  return wire::IsakmpVendor::unknown;
}

wire::IsakmpPayloadType nat_d_of(NatTraversal version) {
  return version == NatTraversal::rfc3947 ? wire::IsakmpPayloadType::nat_d
                                          : wire::IsakmpPayloadType::nat_d_draft;
}

wire::IsakmpPayloadType nat_oa_of(NatTraversal version) {
  return version == NatTraversal::rfc3947 ? wire::IsakmpPayloadType::nat_oa
                                          : wire::IsakmpPayloadType::nat_oa_draft;
}

std::uint16_t udp_transport_of(NatTraversal version) {
  return static_cast<std::uint16_t>(version == NatTraversal::rfc3947
                                        ? wire::EncapsulationMode::udp_transport
                                        : wire::EncapsulationMode::udp_transport_draft);
}

PeerKind PeerKind::read(const Payloads& payloads) {
  PeerKind kind;
  for (const wire::IsakmpPayload& payload : payloads.all()) {
    if (payload.type != wire::IsakmpPayloadType::vendor_id) continue;
    const wire::IsakmpVendor vendor = wire::recognise(payload.body);
    kind.nat_traversal = std::max(kind.nat_traversal, version_of(vendor));
    kind.dpd = kind.dpd || vendor == wire::IsakmpVendor::dpd;
    kind.fragmentation = kind.fragmentation || vendor == wire::IsakmpVendor::fragmentation;
    kind.microsoft = kind.microsoft || vendor == wire::IsakmpVendor::microsoft;
    kind.racoon = kind.racoon || vendor == wire::IsakmpVendor::racoon;
    kind.apple = kind.apple || vendor == wire::IsakmpVendor::apple_nat_t;
    kind.strongswan = kind.strongswan || vendor == wire::IsakmpVendor::strongswan;
  }
  return kind;
}

// Apple's is of racoon's family too, and old versions say so.
std::string_view PeerKind::guess() const {
  if (microsoft) return "Windows";
  if (apple) return "Apple";
  if (strongswan) return "strongSwan";
  return racoon ? "Android or racoon" : "";
}

crypto::HashValue nat_d_hash(crypto::IkeHash hash, std::uint64_t cky_i, std::uint64_t cky_r,
                             const Endpoint& endpoint) {
  std::array<std::byte, 16> cookies = {};
  wire::store_big_endian(cookies.data(), cky_i);
  wire::store_big_endian(cookies.data() + 8, cky_r);
  std::array<std::byte, 2> port = {};
  wire::store_big_endian(port.data(), endpoint.port);
  const auto& address = endpoint.address.bytes();
  const wire::Bytes shortest = endpoint.address.is_v4() ? wire::Bytes(address).last(4) : wire::Bytes(address);
  return crypto::hash(hash, {cookies, shortest, port});
}

// The first is about the destination of the message, us; all others about its source (RFC 3947 §3.2).
NatSituation compare_nat_d(const std::vector<wire::Bytes>& payloads, crypto::IkeHash hash,
                           std::uint64_t cky_i, std::uint64_t cky_r, const Endpoint& peer,
                           const std::vector<Endpoint>& ours) {
  NatSituation situation = {.peer_translated = true, .we_translated = true};
  if (payloads.empty()) return {};
  for (const Endpoint& endpoint : ours) {
    if (is_hash(payloads.front(), nat_d_hash(hash, cky_i, cky_r, endpoint))) situation.we_translated = false;
  }
  const crypto::HashValue seen = nat_d_hash(hash, cky_i, cky_r, peer);
  for (std::size_t i = 1; i < payloads.size(); ++i) {
    if (is_hash(payloads[i], seen)) situation.peer_translated = false;
  }
  return situation;
}

}  // namespace espgate::control::ike
