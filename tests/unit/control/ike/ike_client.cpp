// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/ike/ike_client.h"

#include "wire/big_endian.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>
#include <array>

namespace espgate::test {
namespace {

using namespace control::ike;
using wire::IsakmpPayloadType;

constexpr std::size_t header_bytes = sizeof(wire::IsakmpHeader);

std::vector<std::byte> copy(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

template <std::unsigned_integral T>
std::vector<std::byte> number(T value) {
  std::vector<std::byte> bytes(sizeof value);
  wire::store_big_endian(bytes.data(), value);
  return bytes;
}

std::vector<std::byte> number(const Cookies& cookies) {
  std::vector<std::byte> bytes = number(cookies.initiator), second = number(cookies.responder);
  bytes.insert(bytes.end(), second.begin(), second.end());
  return bytes;
}

// The client takes whatever the gateway chose.
Phase1Policy any_suite(const std::vector<Phase1Suite>& offered) { return {.legacy = offered}; }

std::vector<Phase1Suite> suites_of(wire::Bytes sa_body) {
  std::vector<Phase1Suite> suites;
  const auto sa = wire::IsakmpSa::parse(sa_body);
  if (!sa) return suites;
  for (const auto& proposal : sa->proposals) {
    const auto transforms = proposal.list();
    if (!transforms) continue;
    for (const auto& transform : *transforms)
      if (const auto read = read_phase1_transform(transform)) suites.push_back(read->suite);
  }
  return suites;
}

}  // namespace

std::vector<std::vector<std::byte>> IkeClient::vendor_ids(std::initializer_list<wire::IsakmpVendor> vendors) {
  std::vector<std::vector<std::byte>> bodies;
  for (const auto vendor : vendors) bodies.push_back(copy(wire::bytes_of(vendor)));
  return bodies;
}

std::vector<std::vector<std::byte>> IkeClient::microsoft_vendor_ids() {
  using wire::IsakmpVendor;
  auto ids = vendor_ids({IsakmpVendor::ike_cga, IsakmpVendor::microsoft, IsakmpVendor::rfc3947,
                         IsakmpVendor::nat_t_draft_02_newline, IsakmpVendor::fragmentation,
                         IsakmpVendor::ms_negotiation_discovery, IsakmpVendor::ms_initial_contact});
  const auto version = number(std::uint32_t{9});
  ids[1].insert(ids[1].end(), version.begin(), version.end());
  return ids;
}

IkeClient::IkeClient(Options wanted) : options(std::move(wanted)), random_state_(options.seed) {
  sa.we_initiated = true;
  sa.cookies.initiator = wire::load_big_endian<std::uint64_t>(random(8).data()) | 1U;
}

std::vector<std::byte> IkeClient::random(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) {
    random_state_ = random_state_ * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::byte>(random_state_ >> 56U);
  }
  return bytes;
}

std::vector<std::byte> IkeClient::l2tp_id(std::string_view address, std::uint16_t port,
                                          std::uint8_t protocol) {
  const auto parsed = wire::IpAddress::from_string(address).value();
  return wire::isakmp_identification(wire::IsakmpIdType::ipv4_address, protocol, port,
                                     wire::Bytes(parsed.bytes()).last(4));
}

std::vector<std::byte> IkeClient::first() {
  phase1.sa_body =
      options.sa_body.empty() ? offer_phase1(options.suites, options.lifetime_seconds) : options.sa_body;
  wire::IsakmpBuilder builder(sa.cookies.initiator, 0, wire::IsakmpExchange::identity_protection, 0, 0);
  builder.payload(IsakmpPayloadType::sa, {phase1.sa_body});
  for (const auto& id : options.vendor_ids) builder.payload(IsakmpPayloadType::vendor_id, {id});
  return builder.finish();
}

std::vector<std::byte> IkeClient::third(wire::Bytes second) {
  const auto message = wire::IsakmpMessage::parse(second);
  if (!message || message->is_encrypted() ||
      message->exchange() != wire::IsakmpExchange::identity_protection) {
    problem = "no second message";
    return {};
  }
  const auto answer = read_sa_message(*message, any_suite(suites_of(phase1.sa_body)));
  if (!answer) {
    problem = answer.error().text;
    return {};
  }
  const auto payloads = Payloads::read(message->payloads());
  for (const auto& payload : payloads->all())
    if (payload.type == IsakmpPayloadType::vendor_id) heard_vendor_ids.push_back(copy(payload.body));
  sa.cookies.responder = message->header().responder_cookie.host();
  sa.suite = answer->choice.suite;
  sa.kind = answer->kind;
  if (!key_pair) key_pair = crypto::DhKeyPair::generate(sa.suite.group);
  phase1.g_xi = copy(key_pair->public_value());
  phase1.nonce_i = random(20);
  sent_nat_d.clear();
  if (sa.kind.nat_traversal != NatTraversal::none) {
    for (const Endpoint& each : {options.gateway, options.inside})
      sent_nat_d.push_back(
          copy(nat_d_hash(sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, each).span()));
  }
  return build_key_message(sa, phase1.g_xi, phase1.nonce_i, sent_nat_d);
}

std::vector<std::byte> IkeClient::fifth(wire::Bytes fourth) {
  const auto message = wire::IsakmpMessage::parse(fourth);
  const auto payloads =
      message ? Payloads::read(message->payloads()) : Payloads::read({IsakmpPayloadType{}, {}});
  const auto keys = payloads ? read_key_message(*payloads, sa.suite, sa.kind.nat_traversal)
                             : Expected<KeyMessage>(tl::unexpected(payloads.error()));
  if (!message || !keys) {
    problem = keys ? "no fourth message" : keys.error().text;
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
  const std::vector<std::byte> id = identity_body();
  wire::IsakmpBuilder builder(sa.cookies.initiator, sa.cookies.responder,
                              wire::IsakmpExchange::identity_protection, wire::isakmp_flag_encryption, 0);
  builder.payload(IsakmpPayloadType::identification, {id});
  builder.payload(IsakmpPayloadType::hash, {phase1_hash(sa, phase1, true, id).span()});
  if (options.initial_contact) builder.payload(IsakmpPayloadType::notification, {initial_contact_body()});
  return seal(builder, phase1.iv);
}

std::vector<std::byte> IkeClient::identity_body() const {
  if (!options.identity.empty()) return options.identity;
  return wire::isakmp_identification(wire::IsakmpIdType::ipv4_address, 0, 0,
                                     wire::Bytes(options.inside.address.bytes()).last(4));
}

std::vector<std::byte> IkeClient::initial_contact_body() const {
  return wire::isakmp_notification(wire::IsakmpProtocol::isakmp, number(sa.cookies),
                                   wire::IsakmpNotifyType::initial_contact, {});
}

std::vector<std::byte> IkeClient::seal(wire::IsakmpBuilder& builder, IvBlock& iv) const {
  std::vector<std::byte> message = builder.finish_padded(crypto::block_bytes(sa.suite.cipher));
  if (spoil) spoil(message);
  encrypt_message(sa, iv, message);
  return message;
}

bool IkeClient::finish(wire::Bytes sixth) {
  const auto message = wire::IsakmpMessage::parse(sixth);
  if (!message || !message->is_encrypted() || sa.keys.cipher_key.empty()) return false;
  const auto opened = open_message(sa, phase1.iv, *message);
  if (!opened) return false;
  auto auth = read_auth_message(sa, phase1, false, *opened);
  if (!auth) return false;
  sa.last_phase1_block = opened->next_iv;
  gateway_identity = std::move(*auth);
  return true;
}

std::vector<std::byte> IkeClient::quick_first(Quick& quick) {
  if (quick.message_id == 0) quick.message_id = next_message_id_++;
  quick.iv = first_iv(sa, quick.message_id);
  quick.mode.we_initiated = true;
  quick.mode.nonce_i = random(20);
  quick.mode.spi_in = quick.spi;
  quick.mode.lifetime.seconds = std::chrono::seconds(quick.lifetime_seconds);
  quick.mode.offer.group = quick.group;
  if (quick.group) {
    if (!quick.key_pair) quick.key_pair = crypto::DhKeyPair::generate(*quick.group);
    quick.mode.own_public = copy(quick.key_pair->public_value());
  }
  std::vector<std::byte> offer = quick.sa_body;
  if (offer.empty()) {
    offer = offer_phase2({.suites = quick.suites.empty() ? preferred_suites() : quick.suites,
                          .encapsulation_mode = quick.encapsulation_mode,
                          .group = quick.group,
                          .lifetime_seconds = quick.lifetime_seconds,
                          .spi = quick.spi});
  }
  if (quick.id_client.empty()) quick.id_client = l2tp_id(options.inside.address.to_string());
  if (quick.id_gateway.empty()) quick.id_gateway = l2tp_id(options.gateway.address.to_string());
  const auto build = [&](wire::Bytes hash) {
    wire::IsakmpBuilder builder(sa.cookies.initiator, sa.cookies.responder, wire::IsakmpExchange::quick_mode,
                                wire::isakmp_flag_encryption, quick.message_id);
    builder.payload(IsakmpPayloadType::hash, {hash});
    builder.payload(IsakmpPayloadType::sa, {offer});
    builder.payload(IsakmpPayloadType::nonce, {quick.mode.nonce_i});
    if (quick.group) builder.payload(IsakmpPayloadType::key_exchange, {quick.mode.own_public});
    if (quick.ids) {
      builder.payload(IsakmpPayloadType::identification, {quick.id_client});
      builder.payload(IsakmpPayloadType::identification, {quick.id_gateway});
    }
    if (quick.nat_oa) {
      const auto type = nat_oa_of(sa.kind.nat_traversal);
      builder.payload(type, {wire::isakmp_nat_oa(options.inside.address)});
      builder.payload(type, {wire::isakmp_nat_oa(options.gateway.address)});
    }
    for (const auto& [type, body] : quick.more) builder.payload(type, {body});
    return builder;
  };
  // The plain text is spoilt before its hash is made: what a client with the key can say.
  const std::vector<std::byte> zero(crypto::hash_bytes(sa.suite.hash));
  auto draft = build(zero);
  std::vector<std::byte> plain = draft.finish();
  const std::size_t behind = header_bytes + 4 + zero.size();
  if (spoil) {
    std::vector<std::byte> rest(plain.begin() + static_cast<std::ptrdiff_t>(behind), plain.end());
    spoil(rest);
    plain.resize(behind);
    plain.insert(plain.end(), rest.begin(), rest.end());
  }
  const auto hash = crypto::prf_value(sa.suite.hash, sa.keys.skeyid_a.bytes(),
                                      {number(quick.message_id), wire::Bytes(plain).subspan(behind)});
  std::ranges::copy(hash.span(), plain.begin() + header_bytes + 4);
  const std::size_t block = crypto::block_bytes(sa.suite.cipher);
  plain.resize(header_bytes + (plain.size() - header_bytes + block - 1) / block * block);
  wire::store_big_endian(plain.data() + 24, static_cast<std::uint32_t>(plain.size()));
  encrypt_message(sa, quick.iv, plain);
  return plain;
}

std::vector<std::byte> IkeClient::quick_third(Quick& quick, wire::Bytes second) {
  const auto message = wire::IsakmpMessage::parse(second);
  if (!message || message->header().message_id.host() != quick.message_id) {
    problem = "no second message of this quick mode";
    return {};
  }
  const auto opened = open_message(sa, quick.iv, *message);
  if (!opened) {
    problem = opened.error().text;
    return {};
  }
  Settings all;
  all.sa_lifetime = std::chrono::hours(1000);
  for (std::size_t i = 0; i < crypto::suites().size(); ++i)
    all.legacy_esp.push_back(static_cast<crypto::SuiteId>(i));
  IkeSa seen;
  seen.cookies = sa.cookies;
  seen.suite = sa.suite;
  seen.keys.skeyid_a = sa.keys.skeyid_a.clone();
  seen.udp_encapsulation = quick.encapsulation_mode != 2;
  const auto read = read_quick_second(seen, quick.message_id, *opened, all, quick.mode);
  if (!read) {
    problem = read.error().text;
    return {};
  }
  quick.answered.clear();
  for (const auto& payload : opened->payloads.all()) quick.answered.push_back(payload.type);
  const auto offer = wire::IsakmpSa::parse(*opened->payloads.one(IsakmpPayloadType::sa, "SA"));
  quick.chosen =
      *choose_phase2(*offer, {.legacy = all.legacy_esp, .udp_encapsulation = seen.udp_encapsulation});
  quick.chosen.attributes = {};
  if (quick.group) {
    auto shared = quick.key_pair->shared(quick.mode.peer_public);
    if (!shared) {
      problem = shared.error();
      return {};
    }
    quick.mode.g_xy = std::move(*shared);
  }
  IvBlock iv = opened->next_iv;
  return ProtectedMessage(sa, wire::IsakmpExchange::quick_mode, quick.message_id)
      .seal_with(iv, quick_third_hash(sa, quick.message_id, quick.mode));
}

crypto::SecretBytes IkeClient::key_in(const Quick& quick) const {
  return sa_key(sa, quick.mode, quick.mode.spi_in);
}
crypto::SecretBytes IkeClient::key_out(const Quick& quick) const {
  return sa_key(sa, quick.mode, quick.mode.spi_out);
}

std::vector<std::byte> IkeClient::informational(IsakmpPayloadType type, wire::Bytes body,
                                                std::uint32_t message_id) {
  if (message_id == 0) message_id = wire::load_big_endian<std::uint32_t>(random(4).data()) | 0x8000'0000;
  IvBlock iv = first_iv(sa, message_id);
  return ProtectedMessage(sa, wire::IsakmpExchange::informational, message_id).payload(type, {body}).seal(iv);
}

std::vector<std::byte> IkeClient::dpd(wire::IsakmpNotifyType type, std::uint32_t sequence) {
  return informational(
      IsakmpPayloadType::notification,
      wire::isakmp_notification(wire::IsakmpProtocol::isakmp, number(sa.cookies), type, number(sequence)));
}

std::vector<std::byte> IkeClient::delete_esp(std::uint32_t spi) {
  return informational(IsakmpPayloadType::delete_payload,
                       wire::isakmp_delete(wire::IsakmpProtocol::esp, 4, number(spi)));
}

std::vector<std::byte> IkeClient::delete_ike_sa(const Cookies& cookies) {
  return informational(IsakmpPayloadType::delete_payload,
                       wire::isakmp_delete(wire::IsakmpProtocol::isakmp, 16, number(cookies)));
}

std::optional<IkeClient::Informational> IkeClient::read_informational(wire::Bytes bytes) const {
  const auto message = wire::IsakmpMessage::parse(bytes);
  if (!message || !message->is_encrypted() || message->exchange() != wire::IsakmpExchange::informational)
    return std::nullopt;
  const std::uint32_t id = message->header().message_id.host();
  const auto opened = open_message(sa, first_iv(sa, id), *message);
  if (!opened || !has_right_hash(sa, id, {}, *opened) || opened->payloads.all().size() != 2)
    return std::nullopt;
  const auto& payload = opened->payloads.all()[1];
  return Informational{payload.type, copy(payload.body)};
}

}  // namespace espgate::test
