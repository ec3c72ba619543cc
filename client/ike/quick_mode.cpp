// SPDX-License-Identifier: Apache-2.0
#include "client/ike/quick_mode.h"

#include "wire/isakmp_payloads.h"
#include "wire/isakmp_sa.h"
#include "wire/udp.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::client::ike {
namespace {

using wire::IsakmpPayloadType;
using Body = std::vector<std::byte>;

constexpr std::size_t nonce_bytes = 32;
constexpr std::uint8_t protocol_udp = wire::ip_protocol_udp;
constexpr auto protocol_esp = static_cast<std::uint8_t>(wire::IsakmpProtocol::esp);

Body copy_of(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

Body l2tp_identity(const wire::IpAddress& address) {
  return wire::isakmp_identification(wire::IsakmpIdType::ipv4_address, protocol_udp, wire::udp_port_l2tp,
                                     wire::Bytes(address.bytes()).last(4));
}

bool is_l2tp(wire::Bytes identity) {
  const auto parsed = wire::IsakmpIdentification::parse(identity);
  return parsed && parsed->protocol == protocol_udp &&
         (parsed->port == wire::udp_port_l2tp || parsed->port == 0);
}

// RESPONDER-LIFETIME (RFC 2407 §4.6.3.1) in seconds; 0: nothing is said.
std::uint64_t told_lifetime(const Payloads& payloads) {
  for (const wire::IsakmpPayload& payload : payloads.all()) {
    if (payload.type != IsakmpPayloadType::notification) continue;
    const auto notification = wire::IsakmpNotification::parse(payload.body);
    if (!notification || !(notification->type == wire::IsakmpNotifyType::responder_lifetime)) continue;
    std::uint64_t type = 0;
    wire::IsakmpAttributeWalk walk(notification->data);
    for (auto next = walk.next(); next && *next; next = walk.next()) {
      const std::uint64_t value = (*next)->number().value_or(0);
      if ((*next)->type == wire::IpsecAttribute::life_type) type = value;
      if ((*next)->type == wire::IpsecAttribute::life_duration && type == 1) return value;
    }
  }
  return 0;
}

}  // namespace

QuickMode::QuickMode(const Settings& settings, const Environment& environment, const wire::IpAddress& local,
                     std::shared_ptr<const IkeSa> sa, Role role, std::uint32_t message_id, std::uint32_t spi)
    : settings_(settings),
      environment_(environment),
      local_(local),
      sa_(std::move(sa)),
      role_(role),
      message_id_(message_id),
      spi_(spi),
      state_(role == Role::initiator ? State::second : State::first),
      iv_(sa_->first_iv(message_id)) {}

void QuickMode::new_nonce(Body& nonce) const {
  nonce.resize(nonce_bytes);
  environment_.random(nonce);
}

wire::IsakmpBuilder QuickMode::builder() const {
  return {sa_->initiator_cookie, sa_->responder_cookie, wire::IsakmpExchange::quick_mode,
          wire::isakmp_flag_encryption, message_id_};
}

// HDR*, HASH, SA, nonce, [KE], IDci, IDcr, NAT-OA of the initiator, NAT-OA of the responder (RFC 3947 §5.2).
Body QuickMode::build(wire::Bytes sa_body, wire::Bytes nonce, wire::Bytes prefix) {
  auto message = builder();
  message.payload(IsakmpPayloadType::hash, {sa_->empty_hash()});
  message.payload(IsakmpPayloadType::sa, {sa_body});
  message.payload(IsakmpPayloadType::nonce, {nonce});
  if (key_pair_) message.payload(IsakmpPayloadType::key_exchange, {key_pair_->public_value()});
  message.payload(IsakmpPayloadType::identification, {id_i_});
  message.payload(IsakmpPayloadType::identification, {id_r_});
  const auto ours = wire::isakmp_nat_oa(local_), theirs = wire::isakmp_nat_oa(settings_.server);
  message.payload(IsakmpPayloadType::nat_oa, {is_initiator() ? ours : theirs});
  message.payload(IsakmpPayloadType::nat_oa, {is_initiator() ? theirs : ours});
  sa_->fill_hash(message, message_id_, prefix);
  return sa_->seal(message, iv_);
}

Body QuickMode::first() {
  new_nonce(nonce_i_);
  id_i_ = l2tp_identity(local_);
  id_r_ = l2tp_identity(settings_.server);
  const auto& group = settings_.esp_proposals.front().group;
  if (group) key_pair_ = environment_.key_pair(*group);
  return build(offer_esp(settings_.esp_proposals, spi_, settings_.esp_lifetime_seconds), nonce_i_, {});
}

Reaction QuickMode::on_message(const wire::IsakmpMessage& message) {
  if (!reply_.empty() && std::ranges::equal(message.payload(), question_))
    return {Reaction::Kind::answer, reply_, {}};
  if (state_ == State::done) return {};
  const auto opened = sa_->open(message, iv_);
  if (!opened) return {};
  Reaction reaction;
  if (state_ == State::first)
    reaction = on_first(*opened);
  else if (state_ == State::second)
    reaction = on_second(*opened);
  else
    reaction = on_third(*opened);
  if (reaction.kind == Reaction::Kind::ignored) return reaction;
  question_ = copy_of(message.payload());
  reply_ = reaction.send;
  return reaction;
}

bool QuickMode::take_keys(const Payloads& payloads, const EspProposal& chosen) {
  const auto nonce = payloads.find(IsakmpPayloadType::nonce);
  if (!nonce || nonce->size() < 8 || nonce->size() > 256) return false;
  (is_initiator() ? nonce_r_ : nonce_i_) = copy_of(*nonce);
  if (!chosen.group) return true;
  const auto value = payloads.find(IsakmpPayloadType::key_exchange);
  if (!value) return false;
  if (!key_pair_) key_pair_ = environment_.key_pair(*chosen.group);
  auto shared = key_pair_->shared(*value);
  if (!shared) return false;
  shared_ = std::move(*shared);
  return true;
}

void QuickMode::make_pair(const ChosenEsp& chosen, const Payloads& payloads) {
  const crypto::Suite& suite = crypto::suite(chosen.proposal.suite);
  const std::size_t bytes =
      std::size_t{suite.cipher_key_bytes} + suite.salt_bytes + suite.integrity_key_bytes;
  const auto key = [&](std::uint32_t spi) {
    return crypto::derive_keymat(sa_->proposal.hash, sa_->keys.skeyid_d.bytes(), shared_.bytes(),
                                 protocol_esp, spi, nonce_i_, nonce_r_, bytes);
  };
  std::uint64_t seconds = settings_.esp_lifetime_seconds;
  for (const std::uint64_t told : {chosen.lifetime_seconds, told_lifetime(payloads)})
    if (told != 0) seconds = std::min(seconds, told);
  pair_ = Pair{spi_,      chosen.spi,      chosen.proposal.suite,
               key(spi_), key(chosen.spi), std::chrono::seconds(seconds)};
}

Reaction QuickMode::on_first(const Opened& opened) {
  const Payloads& payloads = opened.payloads;
  const auto body = payloads.find(IsakmpPayloadType::sa);
  if (!sa_->has_right_hash(opened, message_id_) || !body) return {};
  const auto chosen = choose_esp(*body, settings_.esp_proposals, false);
  if (!chosen || !take_keys(payloads, chosen->proposal)) return {};
  for (const wire::IsakmpPayload& payload : payloads.all()) {
    if (payload.type != IsakmpPayloadType::identification) continue;
    (id_i_.empty() ? id_i_ : id_r_) = copy_of(payload.body);
  }
  if (!is_l2tp(id_i_) || !is_l2tp(id_r_)) return {};
  new_nonce(nonce_r_);
  iv_ = opened.next_iv;
  make_pair(*chosen, payloads);
  state_ = State::third;
  return {Reaction::Kind::answer, build(answer_esp(*chosen, spi_), nonce_r_, nonce_i_), {}};
}

Reaction QuickMode::on_second(const Opened& opened) {
  const Payloads& payloads = opened.payloads;
  const auto body = payloads.find(IsakmpPayloadType::sa);
  if (!sa_->has_right_hash(opened, message_id_, nonce_i_) || !body) return {};
  const auto chosen = choose_esp(*body, settings_.esp_proposals, true);
  if (!chosen || !take_keys(payloads, chosen->proposal))
    return {Reaction::Kind::failed,
            {},
            {Cause::no_proposal, "the server's answer in quick mode is not what was offered", ""}};
  iv_ = opened.next_iv;
  make_pair(*chosen, payloads);
  state_ = State::done;
  return {Reaction::Kind::done, third(), {}};
}

// HASH(3) = prf(SKEYID_a, 0 | message id | Ni_b | Nr_b).
crypto::HashValue QuickMode::third_hash() const {
  const std::array<std::byte, 1> zero{};
  return crypto::prf_value(sa_->proposal.hash, sa_->keys.skeyid_a.bytes(),
                           {zero, octets(message_id_), nonce_i_, nonce_r_});
}

Body QuickMode::third() {
  auto message = builder();
  message.payload(IsakmpPayloadType::hash, {third_hash().span()});
  return sa_->seal(message, iv_);
}

Reaction QuickMode::on_third(const Opened& opened) {
  const auto hash = opened.payloads.find(IsakmpPayloadType::hash);
  if (!hash || !crypto::equal_in_constant_time(*hash, third_hash().span())) return {};
  state_ = State::done;
  return {Reaction::Kind::done, {}, {}};
}

Failure QuickMode::silence() const {
  return {Cause::ike_refused, "the server does not answer quick mode",
          fmt::format("its log should say why; offered: {}",
                      list_of(std::span<const EspProposal>(settings_.esp_proposals)))};
}

}  // namespace espgate::client::ike
