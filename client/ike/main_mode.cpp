// SPDX-License-Identifier: Apache-2.0
#include "client/ike/main_mode.h"

#include "wire/big_endian.h"
#include "wire/isakmp_payloads.h"
#include "wire/isakmp_vendor_id.h"
#include "wire/udp.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::client::ike {
namespace {

using wire::IsakmpPayloadType;
using Body = std::vector<std::byte>;

constexpr std::size_t nonce_bytes = 32;

Body copy_of(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

bool has_vendor(const Payloads& payloads, wire::IsakmpVendor vendor) {
  return std::ranges::any_of(payloads.all(), [vendor](const wire::IsakmpPayload& payload) {
    return payload.type == IsakmpPayloadType::vendor_id && wire::recognise(payload.body) == vendor;
  });
}

void add_vendor_ids(wire::IsakmpBuilder& builder) {
  for (const auto vendor : {wire::IsakmpVendor::rfc3947, wire::IsakmpVendor::dpd})
    builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(vendor)});
}

}  // namespace

MainMode::MainMode(const Settings& settings, const Environment& environment, const wire::IpAddress& local,
                   Role role, std::uint16_t port)
    : settings_(settings),
      environment_(environment),
      local_(local),
      role_(role),
      port_(port),
      state_(role == Role::initiator ? State::second : State::first),
      floated_(port == wire::udp_port_natt) {
  std::array<std::byte, 8> cookie{};
  environment_.random(cookie);
  cookie[0] |= std::byte{1};  // never 0
  (is_initiator() ? sa_->initiator_cookie : sa_->responder_cookie) =
      wire::load_big_endian<std::uint64_t>(cookie.data());
}

wire::IsakmpBuilder MainMode::builder(std::uint8_t flags) const {
  return {sa_->initiator_cookie, sa_->responder_cookie, wire::IsakmpExchange::identity_protection, flags, 0};
}

Reaction MainMode::failed(Cause cause, std::string what, std::string hint) {
  return {Reaction::Kind::failed, {}, {cause, std::move(what), std::move(hint)}};
}

Reaction MainMode::answer(Body bytes, State next) {
  state_ = next;
  reply_ = bytes;
  return {next == State::done ? Reaction::Kind::done : Reaction::Kind::answer, std::move(bytes), {}};
}

Body MainMode::first() {
  sa_body_ = offer_ike(settings_.ike_proposals, settings_.ike_lifetime_seconds);
  auto message = builder(0);
  message.payload(IsakmpPayloadType::sa, {sa_body_});
  add_vendor_ids(message);
  return message.finish();
}

bool MainMode::is_named_by(const wire::IsakmpMessage& message) const {
  const auto& header = message.header();
  if (!is_initiator() && state_ == State::first) return false;
  // The server's cookie is known from its first message on.
  return header.initiator_cookie.host() == sa_->initiator_cookie &&
         (sa_->responder_cookie == 0 || header.responder_cookie.host() == sa_->responder_cookie);
}

Reaction MainMode::on_message(const wire::IsakmpMessage& message) {
  if (!is_initiator() && !reply_.empty() && std::ranges::equal(message.payload(), question_))
    return {Reaction::Kind::answer, reply_, {}};
  if (message.exchange() != wire::IsakmpExchange::identity_protection || message.major_version() != 1)
    return {};
  const bool encrypted = state_ == State::fifth || state_ == State::sixth;
  if (state_ == State::done || encrypted != message.is_encrypted()) return {};
  Reaction reaction;
  if (encrypted) {
    reaction = on_identity(message);
  } else {
    const auto payloads = Payloads::read(message.payloads());
    if (!payloads) return {};
    if (state_ == State::first)
      reaction = on_first(*payloads, message);
    else if (state_ == State::second)
      reaction = on_second(*payloads, message);
    else
      reaction = on_keys(*payloads);
  }
  if (reaction.kind != Reaction::Kind::ignored) question_ = copy_of(message.payload());
  return reaction;
}

Reaction MainMode::on_first(const Payloads& payloads, const wire::IsakmpMessage& message) {
  const auto body = payloads.find(IsakmpPayloadType::sa);
  if (!body || !has_vendor(payloads, wire::IsakmpVendor::rfc3947)) return {};
  const auto chosen = choose_ike(*body, settings_.ike_proposals, false);
  if (!chosen) return {};
  sa_->initiator_cookie = message.header().initiator_cookie.host();
  sa_->proposal = chosen->proposal;
  sa_->server_knows_dpd = has_vendor(payloads, wire::IsakmpVendor::dpd);
  sa_body_ = copy_of(*body);
  auto second = builder(0);
  second.payload(IsakmpPayloadType::sa, {chosen->answer});
  add_vendor_ids(second);
  return answer(second.finish(), State::third);
}

Reaction MainMode::on_second(const Payloads& payloads, const wire::IsakmpMessage& message) {
  const auto body = payloads.find(IsakmpPayloadType::sa);
  if (!body || message.header().responder_cookie.host() == 0) return {};
  const auto chosen = choose_ike(*body, settings_.ike_proposals, true);
  if (!chosen)
    return failed(Cause::no_proposal, "the server has answered with a phase-1 proposal that was not offered",
                  "");
  if (!has_vendor(payloads, wire::IsakmpVendor::rfc3947))
    return failed(Cause::ike_refused, "the server does not do NAT traversal (RFC 3947)",
                  "allow it there; this client has no other way to receive ESP");
  sa_->responder_cookie = message.header().responder_cookie.host();
  sa_->proposal = chosen->proposal;
  sa_->server_knows_dpd = has_vendor(payloads, wire::IsakmpVendor::dpd);
  return answer(key_message(), State::fourth);
}

// HDR, KE, nonce, NAT-D of the other end, NAT-D of ours (RFC 3947 §3.2).
Body MainMode::key_message() {
  if (!key_pair_) key_pair_ = environment_.key_pair(sa_->proposal.group);
  (is_initiator() ? g_xi_ : g_xr_) = copy_of(key_pair_->public_value());
  Body& nonce = is_initiator() ? nonce_i_ : nonce_r_;
  nonce.resize(nonce_bytes);
  environment_.random(nonce);
  std::array<std::byte, 2> port{};
  wire::store_big_endian(port.data(), port_);
  const auto server =
      crypto::hash(sa_->proposal.hash, {sa_->cookies(), wire::Bytes(settings_.server.bytes()).last(4), port});
  Body translated = sa_->empty_hash();
  environment_.random(translated);
  auto message = builder(0);
  message.payload(IsakmpPayloadType::key_exchange, {key_pair_->public_value()});
  message.payload(IsakmpPayloadType::nonce, {nonce});
  message.payload(IsakmpPayloadType::nat_d, {server.span()});
  message.payload(IsakmpPayloadType::nat_d, {translated});
  return message.finish();
}

Reaction MainMode::on_keys(const Payloads& payloads) {
  const auto value = payloads.find(IsakmpPayloadType::key_exchange);
  const auto nonce = payloads.find(IsakmpPayloadType::nonce);
  if (!value || !nonce || nonce->size() < 8 || nonce->size() > 256) return {};
  Body reply;
  if (!is_initiator()) reply = key_message();
  (is_initiator() ? g_xr_ : g_xi_) = copy_of(*value);
  (is_initiator() ? nonce_r_ : nonce_i_) = copy_of(*nonce);
  const auto shared = key_pair_->shared(*value);
  if (!shared) return failed(Cause::ike_refused, "the server's public value: " + shared.error(), "");
  key_pair_.reset();
  skeyid_ = crypto::skeyid_psk(sa_->proposal.hash, settings_.psk.bytes(), nonce_i_, nonce_r_);
  sa_->keys =
      crypto::derive_ike_keys(sa_->proposal.hash, skeyid_.bytes(), shared->bytes(), sa_->initiator_cookie,
                              sa_->responder_cookie, sa_->proposal.key_bits / 8U);
  const auto iv = crypto::phase1_iv(sa_->proposal.hash, g_xi_, g_xr_);
  std::ranges::copy(iv.span().first(sa_->block_bytes()), iv_.begin());
  if (!is_initiator()) return answer(std::move(reply), State::fifth);
  floated_ = true;
  return answer(identity_message(), State::sixth);
}

// HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b), HASH_R with the ends the other way
// round (RFC 2409 §5).
crypto::HashValue MainMode::hash_of(bool of_initiator, wire::Bytes identity) const {
  const auto cookies = sa_->cookies();
  const wire::Bytes cky_i = wire::Bytes(cookies).first(8), cky_r = wire::Bytes(cookies).last(8);
  if (of_initiator)
    return crypto::prf_value(sa_->proposal.hash, skeyid_.bytes(),
                             {g_xi_, g_xr_, cky_i, cky_r, sa_body_, identity});
  return crypto::prf_value(sa_->proposal.hash, skeyid_.bytes(),
                           {g_xr_, g_xi_, cky_r, cky_i, sa_body_, identity});
}

Body MainMode::identity_message() {
  const Body identity = wire::isakmp_identification(wire::IsakmpIdType::ipv4_address, 0, 0,
                                                    wire::Bytes(local_.bytes()).last(4));
  auto message = builder(wire::isakmp_flag_encryption);
  message.payload(IsakmpPayloadType::identification, {identity});
  message.payload(IsakmpPayloadType::hash, {hash_of(is_initiator(), identity).span()});
  return sa_->seal(message, iv_);
}

Reaction MainMode::on_identity(const wire::IsakmpMessage& message) {
  const auto opened = sa_->open(message, iv_);
  if (!opened) return {};
  const auto identity = opened->payloads.find(IsakmpPayloadType::identification);
  const auto hash = opened->payloads.find(IsakmpPayloadType::hash);
  if (!identity || !hash) return {};
  const auto expected = hash_of(!is_initiator(), *identity);
  if (!crypto::equal_in_constant_time(*hash, expected.span())) return {};
  const auto parsed = wire::IsakmpIdentification::parse(*identity);
  if (!parsed) return {};
  sa_->server_identity = parsed->to_string();
  iv_ = opened->next_iv;
  Body reply;
  if (!is_initiator()) {
    floated_ = true;
    reply = identity_message();
  }
  sa_->last_block = iv_;
  return answer(std::move(reply), State::done);
}

Failure MainMode::silence() const {
  const std::string server = fmt::format("{}, UDP port {}", settings_.server.to_string(), port_);
  switch (state_) {
    case State::second:
      return {
          Cause::no_answer, fmt::format("no answer from {}", server),
          "is that the server's address, is IKE running there, does a firewall let UDP 500 and 4500 pass?"};
    case State::fourth:
      return {Cause::ike_refused, fmt::format("{} does not go on after the key exchange began", server),
              "its log should say why"};
    case State::sixth:
      return {Cause::wrong_psk,
              fmt::format("{} does not answer what only the right pre-shared key can read",
                          settings_.server.to_string()),
              "mostly the pre-shared key is another there; else UDP 4500 is blocked, or the server wants "
              "another identity than our address"};
    default:
      return {Cause::silent, fmt::format("{} does not go on with the phase 1 that it began", server), ""};
  }
}

std::optional<Failure> MainMode::on_notification(std::uint16_t type) const {
  using wire::IsakmpNotifyType;
  if (!is_initiator() || type >= 16384) return std::nullopt;  // 16384 and above are no errors
  const std::string name(wire::to_string(IsakmpNotifyType{type}));
  if (state_ == State::second && type == IsakmpNotifyType::no_proposal_chosen)
    return Failure{Cause::no_proposal,
                   fmt::format("the server takes no phase-1 proposal of ours: {}",
                               list_of(std::span<const IkeProposal>(settings_.ike_proposals))),
                   "offer what it wants, as --ike-proposal 3des-sha1-modp1024; its log should name it"};
  if (state_ == State::sixth)
    return Failure{Cause::wrong_psk,
                   fmt::format("the server says {} to what only the right pre-shared key can read", name),
                   "mostly the pre-shared key is another there"};
  return Failure{Cause::ike_refused, fmt::format("the server refuses phase 1: {} ({})", name, type), ""};
}

}  // namespace espgate::client::ike
