// SPDX-License-Identifier: Apache-2.0
// The client's side of aggressive mode (RFC 2409 §5.4).
#include "tests/unit/control/ike/ike_client.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

namespace espgate::test {
namespace {

using namespace control::ike;
using wire::IsakmpPayloadType;

std::vector<std::byte> copy(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

std::vector<std::byte> IkeClient::aggressive_first() {
  phase1.sa_body =
      options.sa_body.empty() ? offer_phase1(options.suites, options.lifetime_seconds) : options.sa_body;
  if (!key_pair) key_pair = crypto::DhKeyPair::generate(options.suites.front().group);
  phase1.g_xi = copy(key_pair->public_value());
  phase1.nonce_i = random(20);
  phase1.id_i = identity_body();
  wire::IsakmpBuilder builder(sa.cookies.initiator, 0, wire::IsakmpExchange::aggressive, 0, 0);
  builder.payload(IsakmpPayloadType::sa, {phase1.sa_body});
  builder.payload(IsakmpPayloadType::key_exchange, {phase1.g_xi});
  builder.payload(IsakmpPayloadType::nonce, {phase1.nonce_i});
  builder.payload(IsakmpPayloadType::identification, {phase1.id_i});
  for (const auto& id : options.vendor_ids) builder.payload(IsakmpPayloadType::vendor_id, {id});
  return builder.finish();
}

std::vector<std::byte> IkeClient::aggressive_third(wire::Bytes second, bool encrypted) {
  const auto message = wire::IsakmpMessage::parse(second);
  if (!message || message->is_encrypted() || message->exchange() != wire::IsakmpExchange::aggressive) {
    problem = "no second message";
    return {};
  }
  const auto answer = read_sa_message(*message, {.legacy = options.suites});
  const auto payloads = Payloads::read(message->payloads());
  if (!answer || !payloads) {
    problem = answer ? "payloads" : answer.error().text;
    return {};
  }
  sa.cookies.responder = message->header().responder_cookie.host();
  sa.suite = answer->choice.suite;
  sa.kind = answer->kind;
  const auto keys = read_key_message(*payloads, sa.suite, sa.kind.nat_traversal);
  const auto id = payloads->one(IsakmpPayloadType::identification, "ID");
  const auto hash = payloads->one(IsakmpPayloadType::hash, "HASH");
  if (!keys || !id || !hash) {
    problem = "a payload is missing";
    return {};
  }
  heard_nat_d.clear();
  for (const auto& nat_d : keys->nat_d) heard_nat_d.push_back(copy(nat_d));
  phase1.g_xr = copy(keys->public_value);
  phase1.nonce_r = copy(keys->nonce);
  auto shared = key_pair->shared(phase1.g_xr);
  if (!shared) {
    problem = shared.error();
    return {};
  }
  phase1.g_xy = std::move(*shared);
  derive_keys(sa, phase1, std::as_bytes(std::span(options.psk)));
  const auto identification = wire::IsakmpIdentification::parse(*id);
  gateway_identity = AuthMessage{identification->to_string(), copy(*id), {}};
  // A client that hears a wrong HASH would end here. For tests of the gateway it goes on.
  if (!crypto::equal_in_constant_time(*hash, phase1_hash(sa, phase1, false, *id).span()))
    problem = "the gateway has another key";

  wire::IsakmpBuilder builder(sa.cookies.initiator, sa.cookies.responder, wire::IsakmpExchange::aggressive,
                              encrypted ? wire::isakmp_flag_encryption : std::uint8_t{0}, 0);
  builder.payload(IsakmpPayloadType::hash, {phase1_hash(sa, phase1, true, phase1.id_i).span()});
  sent_nat_d.clear();
  if (sa.kind.nat_traversal != NatTraversal::none) {
    for (const Endpoint& each : {options.gateway, options.inside}) {
      sent_nat_d.push_back(
          copy(nat_d_hash(sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, each).span()));
      builder.payload(nat_d_of(sa.kind.nat_traversal), {sent_nat_d.back()});
    }
  }
  if (options.initial_contact) builder.payload(IsakmpPayloadType::notification, {initial_contact_body()});
  if (!encrypted) {
    sa.last_phase1_block = phase1.iv;
    return builder.finish();
  }
  auto sealed = seal(builder, phase1.iv);
  sa.last_phase1_block = phase1.iv;
  return sealed;
}

}  // namespace espgate::test
