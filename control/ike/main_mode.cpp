// SPDX-License-Identifier: Apache-2.0
#include "control/ike/main_mode.h"

#include "control/ike/octets.h"
#include "wire/big_endian.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

using wire::IsakmpPayloadType;

constexpr std::size_t least_nonce = 8, most_nonce = 256;  // RFC 2409 §5

}  // namespace

Expected<SaMessage> read_sa_message(const wire::IsakmpMessage& message, const Phase1Policy& policy) {
  const auto payloads = Payloads::read(message.payloads());
  if (!payloads) return tl::unexpected(payloads.error());
  const auto body = payloads->one(IsakmpPayloadType::sa, "SA");
  if (!body) return tl::unexpected(body.error());
  const auto offer = wire::IsakmpSa::parse(*body);
  if (!offer)
    return refuse(Reason::malformed, fmt::format("its SA payload is {}", wire::to_string(offer.error())));
  const PeerKind kind = PeerKind::read(*payloads);
  const auto choice = choose_phase1(*offer, policy, kind.racoon);
  if (!choice) return tl::unexpected(choice.error());
  return SaMessage{*body, *choice, kind};
}

Expected<KeyMessage> read_key_message(const Payloads& payloads, const Phase1Suite& suite,
                                      NatTraversal version) {
  KeyMessage keys;
  const auto public_value = payloads.one(IsakmpPayloadType::key_exchange, "KE");
  if (!public_value) return tl::unexpected(public_value.error());
  const auto nonce = payloads.one(IsakmpPayloadType::nonce, "nonce");
  if (!nonce) return tl::unexpected(nonce.error());
  if (public_value->size() != crypto::public_bytes(suite.group)) {
    return refuse(Reason::bad_key_exchange,
                  fmt::format("a public value of {} bytes; {} has {}", public_value->size(),
                              crypto::to_string(suite.group), crypto::public_bytes(suite.group)));
  }
  if (nonce->size() < least_nonce || nonce->size() > most_nonce)
    return refuse(Reason::malformed, fmt::format("a nonce of {} bytes; 8 to 256 are allowed", nonce->size()));
  for (const wire::IsakmpPayload& payload : payloads.all())
    if (version != NatTraversal::none && payload.type == nat_d_of(version))
      keys.nat_d.push_back(payload.body);
  keys.public_value = *public_value;
  keys.nonce = *nonce;
  return keys;
}

crypto::HashValue phase1_hash(const IkeSa& sa, const Phase1& phase1, bool of_initiator, wire::Bytes id_body) {
  const auto cookies = octets(sa.cookies);
  const Cookies swapped = {sa.cookies.responder, sa.cookies.initiator};
  const auto other_way = octets(swapped);
  if (of_initiator) {
    return crypto::prf_value(sa.suite.hash, phase1.skeyid.bytes(),
                             {phase1.g_xi, phase1.g_xr, cookies, phase1.sa_body, id_body});
  }
  return crypto::prf_value(sa.suite.hash, phase1.skeyid.bytes(),
                           {phase1.g_xr, phase1.g_xi, other_way, phase1.sa_body, id_body});
}

Expected<AuthMessage> read_auth_message(const IkeSa& sa, const Phase1& phase1, bool from_initiator,
                                        const OpenedMessage& message) {
  const auto id_body = message.payloads.one(IsakmpPayloadType::identification, "ID");
  if (!id_body) return tl::unexpected(id_body.error());
  const auto hash = message.payloads.one(IsakmpPayloadType::hash, "HASH");
  if (!hash) return tl::unexpected(hash.error());
  const auto identification = wire::IsakmpIdentification::parse(*id_body);
  if (!identification) return refuse(Reason::malformed, "its ID payload is malformed");
  const crypto::HashValue expected = phase1_hash(sa, phase1, from_initiator, *id_body);
  if (!crypto::equal_in_constant_time(*hash, expected.span()))
    return refuse(Reason::bad_hash, "a wrong HASH");
  AuthMessage auth = {.identity = identification->to_string(), .id_body = copy_of(*id_body), .address = {}};
  if (const auto address = identification->address()) auth.address = *address;
  for (const wire::IsakmpPayload& payload : message.payloads.all()) {
    if (payload.type != IsakmpPayloadType::notification) continue;
    const auto notification = wire::IsakmpNotification::parse(payload.body);
    if (notification && notification->type == wire::IsakmpNotifyType::initial_contact)
      auth.initial_contact = true;
  }
  return auth;
}

void derive_keys(IkeSa& sa, Phase1& phase1, wire::Bytes psk) {
  phase1.skeyid = crypto::skeyid_psk(sa.suite.hash, psk, phase1.nonce_i, phase1.nonce_r);
  sa.keys = crypto::derive_ike_keys(sa.suite.hash, phase1.skeyid.bytes(), phase1.g_xy.bytes(),
                                    sa.cookies.initiator, sa.cookies.responder, sa.suite.key_bytes());
  const crypto::HashValue iv = crypto::phase1_iv(sa.suite.hash, phase1.g_xi, phase1.g_xr);
  phase1.iv = {};
  std::ranges::copy(iv.span().first(crypto::block_bytes(sa.suite.cipher)), phase1.iv.begin());
}

std::vector<std::byte> own_identity(const Settings& settings) {
  if (!settings.identity.empty()) {
    return wire::isakmp_identification(wire::IsakmpIdType::fqdn, 0, 0,
                                       std::as_bytes(std::span(settings.identity)));
  }
  return wire::isakmp_identification(wire::IsakmpIdType::ipv4_address, 0, 0,
                                     wire::Bytes(settings.public_address.bytes()).last(4));
}

std::vector<std::byte> build_first(const Cookies& cookies, wire::Bytes sa_body) {
  wire::IsakmpBuilder builder(cookies.initiator, 0, wire::IsakmpExchange::identity_protection, 0, 0);
  builder.payload(IsakmpPayloadType::sa, {sa_body});
  for (const wire::IsakmpVendor vendor :
       {wire::IsakmpVendor::rfc3947, wire::IsakmpVendor::dpd, wire::IsakmpVendor::fragmentation})
    builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(vendor)});
  return builder.finish();
}

std::vector<std::byte> build_second(const Cookies& cookies, const Phase1Choice& choice,
                                    const PeerKind& kind) {
  wire::IsakmpBuilder builder(cookies.initiator, cookies.responder, wire::IsakmpExchange::identity_protection,
                              0, 0);
  const auto answer = choice.answer();
  builder.payload(IsakmpPayloadType::sa, {answer});
  // Exactly one version of NAT traversal: the one that is used (RFC 3947 §3.1).
  if (kind.nat_traversal != NatTraversal::none)
    builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(vendor_of(kind.nat_traversal))});
  builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(wire::IsakmpVendor::dpd)});
  if (kind.fragmentation)
    builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(wire::IsakmpVendor::fragmentation)});
  return builder.finish();
}

std::vector<std::byte> build_key_message(const IkeSa& sa, wire::Bytes public_value, wire::Bytes nonce,
                                         const std::vector<std::vector<std::byte>>& nat_d) {
  wire::IsakmpBuilder builder(sa.cookies.initiator, sa.cookies.responder,
                              wire::IsakmpExchange::identity_protection, 0, 0);
  builder.payload(IsakmpPayloadType::key_exchange, {public_value});
  builder.payload(IsakmpPayloadType::nonce, {nonce});
  for (const auto& hash : nat_d) builder.payload(nat_d_of(sa.kind.nat_traversal), {hash});
  return builder.finish();
}

std::vector<std::byte> build_auth_message(const IkeSa& sa, Phase1& phase1, wire::Bytes id_body,
                                          bool from_initiator) {
  wire::IsakmpBuilder builder(sa.cookies.initiator, sa.cookies.responder,
                              wire::IsakmpExchange::identity_protection, wire::isakmp_flag_encryption, 0);
  const crypto::HashValue hash = phase1_hash(sa, phase1, from_initiator, id_body);
  builder.payload(IsakmpPayloadType::identification, {id_body});
  builder.payload(IsakmpPayloadType::hash, {hash.span()});
  std::vector<std::byte> message = builder.finish_padded(crypto::block_bytes(sa.suite.cipher));
  encrypt_message(sa, phase1.iv, message);
  return message;
}

std::vector<std::vector<std::byte>> own_nat_d(const IkeSa& sa, const Phase1& phase1, const Settings& settings,
                                              wire::Bytes random) {
  if (sa.kind.nat_traversal == NatTraversal::none) return {};
  const auto hash = [&](const Endpoint& endpoint) {
    return copy_of(nat_d_hash(sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, endpoint).span());
  };
  std::vector<std::byte> theirs = hash(sa.path.remote);
  if (settings.force_encapsulation) theirs = copy_of(random.first(theirs.size()));
  std::vector<std::byte> ours = hash({settings.public_address, sa.path.local.port});
  // A client that dials the private address hears of that one. And what a Microsoft client has said about us
  // it will believe about us, whatever stands between.
  const bool private_way = phase1.nat_d == hash({settings.local, sa.path.local.port});
  const bool repeat = settings.force_encapsulation && sa.kind.microsoft && phase1.nat_d.size() == ours.size();
  if (private_way || repeat) ours = phase1.nat_d;
  return {std::move(theirs), std::move(ours)};
}

}  // namespace espgate::control::ike
