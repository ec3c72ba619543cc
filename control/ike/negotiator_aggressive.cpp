// SPDX-License-Identifier: Apache-2.0
// Aggressive mode as responder (RFC 2409 §5.4): only where ike.legacy names it, for anybody who hears our
// answer can try pre-shared keys on it at leisure.
//
//   1  HDR, SA, KE, Ni, IDii, VID …   ->
//                                     <-  2  HDR, SA, KE, Nr, IDir, HASH_R, VID, NAT-D, NAT-D
//   3  HDR*, NAT-D, NAT-D, HASH_I     ->
#include "control/ike/main_mode.h"
#include "control/ike/negotiator.h"
#include "control/ike/octets.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

using wire::IsakmpPayloadType;

constexpr std::size_t nonce_bytes = 32;
constexpr std::size_t most_id_bytes = 512;
constexpr std::string_view aggressive_mode = "aggressive mode";

std::chrono::seconds agreed_lifetime(const Phase1Choice& choice, const Settings& settings) {
  if (choice.lifetime_seconds == 0) return settings.lifetime;
  return std::min(settings.lifetime,
                  std::chrono::seconds(std::min<std::uint64_t>(choice.lifetime_seconds, 0x7fff'ffff)));
}

bool says_initial_contact(const Payloads& payloads) {
  return std::ranges::any_of(payloads.all(), [](const wire::IsakmpPayload& payload) {
    if (payload.type != IsakmpPayloadType::notification) return false;
    const auto notification = wire::IsakmpNotification::parse(payload.body);
    return notification && notification->type == wire::IsakmpNotifyType::initial_contact;
  });
}

}  // namespace

void Negotiator::on_aggressive_first(const Path& path, wire::Bytes datagram,
                                     const wire::IsakmpMessage& message, TimePoint now) {
  if (!settings_.aggressive_mode) {
    fail(path.remote, aggressive_mode,
         {Reason::aggressive_refused,
          "the client asks for aggressive mode, which gives the pre-shared key away to whoever listens; "
          "leave its "
          "group name or identifier empty, or add \"aggressive\" to ike.legacy"},
         now);
    return;
  }
  const auto first = read_sa_message(message, settings_.phase1);
  const auto payloads = Payloads::read(message.payloads());
  const auto keys = first && payloads
                        ? read_key_message(*payloads, first->choice.suite, NatTraversal::none)
                        : Expected<KeyMessage>(tl::unexpected(first ? payloads.error() : first.error()));
  const auto id = payloads ? payloads->one(IsakmpPayloadType::identification, "ID")
                           : Expected<wire::Bytes>(tl::unexpected(payloads.error()));
  const auto fitting = settings_.psks_for(path.remote.address);
  if (!keys || !id || !wire::IsakmpIdentification::parse(*id)) {
    fail(path.remote, aggressive_mode,
         !keys ? keys.error()
         : !id ? id.error()
               : Refusal{Reason::malformed, "its ID payload is malformed"},
         now);
    return;
  }
  if (first->sa_body.size() > HalfOpen::most_sa_bytes || id->size() > most_id_bytes) {
    fail(path.remote, aggressive_mode,
         {Reason::offer_too_large, "an SA or ID payload that is larger than any client's"}, now);
    return;
  }
  if (fitting.empty()) {
    fail(path.remote, aggressive_mode,
         {Reason::no_psk, "no pre-shared key for its address; add one to [[ike.psk]]"}, now);
    return;
  }
  const std::uint64_t cky_i = message.header().initiator_cookie.host();
  Cookies cookies = {cky_i, responder_cookie(path, cky_i, first->sa_body, old_secret_)};
  if (find(cookies) == nullptr) cookies.responder = responder_cookie(path, cky_i, first->sa_body, secret_);
  if (IkeSa* known = find(cookies); known != nullptr) {
    if (known->phase1 && known->phase1->aggressive && known->phase1->state == Phase1::State::sent_fourth &&
        digest_of(datagram) == known->phase1->reply.question)
      send(known->path, known->phase1->reply.reply);
    return;
  }
  // Anybody may send such a message under any address: half of all places stay for main mode, where none is
  // given without a round trip.
  if (aggressive_ >= settings_.most_half_open / 2 || negotiating_.size() >= settings_.most_half_open) {
    count(Reason::half_open_limit);
    return;
  }
  if (jobs_.size() >= settings_.most_waiting_for_dh / 2) {
    count(Reason::too_busy);
    return;
  }
  auto sa = std::make_unique<IkeSa>();
  sa->cookies = cookies;
  sa->path = path;
  sa->suite = first->choice.suite;
  sa->kind = first->kind;
  sa->created = now;
  sa->expires = now + agreed_lifetime(first->choice, settings_);
  sa->psk = fitting.front();  // its HASH goes out before the client has proved anything: no second try
  sa->phase1 = std::make_unique<Phase1>();
  Phase1& phase1 = *sa->phase1;
  phase1.aggressive = true;
  phase1.started = now;
  phase1.sa_body = copy_of(first->sa_body);
  phase1.g_xi = copy_of(keys->public_value);
  phase1.nonce_i = copy_of(keys->nonce);
  phase1.id_i = copy_of(*id);
  phase1.psks = fitting;
  phase1.reply.question = digest_of(datagram);
  if (!start_key_exchange(*sa, {.group = sa->suite.group, .key_pair = nullptr, .peer_public = phase1.g_xi},
                          0)) {
    count(Reason::too_busy);
    return;
  }
  by_cookies_[cookies] = sa.get();
  negotiating_[cookies] = std::move(sa);
  ++aggressive_;
}

void Negotiator::send_aggressive_second(IkeSa& sa, DiffieHellmanResult result, TimePoint) {
  Phase1& phase1 = *sa.phase1;
  phase1.g_xr = copy_of(result.key_pair->public_value());
  phase1.g_xy = std::move(result.shared);
  phase1.nonce_r = random_bytes(nonce_bytes);
  derive_keys(sa, phase1, settings_.psks.at(sa.psk).key.bytes());
  const auto offer = wire::IsakmpSa::parse(phase1.sa_body);
  const auto choice = choose_phase1(*offer, settings_.phase1, sa.kind.racoon);
  const auto id = own_identity(settings_);
  const crypto::HashValue hash = phase1_hash(sa, phase1, false, id);
  wire::IsakmpBuilder builder(sa.cookies.initiator, sa.cookies.responder, wire::IsakmpExchange::aggressive, 0,
                              0);
  builder.payload(IsakmpPayloadType::sa, {choice->answer()});
  builder.payload(IsakmpPayloadType::key_exchange, {phase1.g_xr});
  builder.payload(IsakmpPayloadType::nonce, {phase1.nonce_r});
  builder.payload(IsakmpPayloadType::identification, {id});
  builder.payload(IsakmpPayloadType::hash, {hash.span()});
  builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(wire::IsakmpVendor::dpd)});
  if (sa.kind.nat_traversal != NatTraversal::none) {
    builder.payload(IsakmpPayloadType::vendor_id, {wire::bytes_of(vendor_of(sa.kind.nat_traversal))});
    const auto spoilt = random_bytes(crypto::longest_hash);
    for (const auto& nat_d : own_nat_d(sa, phase1, settings_, spoilt))
      builder.payload(nat_d_of(sa.kind.nat_traversal), {nat_d});
  }
  phase1.reply.reply = builder.finish();
  phase1.state = Phase1::State::sent_fourth;
  send(sa, phase1.reply.reply);
}

// The third message may come in clear: its HASH proves the key.
void Negotiator::on_aggressive_third(IkeSa& sa, const Path& path, wire::Bytes,
                                     const wire::IsakmpMessage& message, TimePoint now) {
  if (!sa.phase1 || !sa.phase1->aggressive || sa.phase1->state != Phase1::State::sent_fourth) return;
  Phase1& phase1 = *sa.phase1;
  OpenedMessage plain;
  if (message.is_encrypted()) {
    auto opened = open_message(sa, phase1.iv, message);
    if (!opened) {
      fail(path.remote, aggressive_mode,
           {Reason::authentication_failed,
            "the third message does not decrypt: the client has another pre-shared key"},
           now);
      return;
    }
    plain = std::move(*opened);
  } else {
    auto payloads = Payloads::read(message.payloads());
    if (!payloads) {
      count(Reason::malformed);
      return;
    }
    plain.payloads = std::move(*payloads);
    plain.next_iv = phase1.iv;
  }
  const wire::IsakmpPayload* hash = plain.payloads.find(IsakmpPayloadType::hash);
  const crypto::HashValue expected = phase1_hash(sa, phase1, true, phase1.id_i);
  if (hash == nullptr || !crypto::equal_in_constant_time(hash->body, expected.span())) {
    fail(path.remote, aggressive_mode,
         {Reason::authentication_failed,
          "the third message has a wrong HASH: the client has another pre-shared key"},
         now);
    return;
  }
  std::vector<wire::Bytes> nat_d;
  for (const wire::IsakmpPayload& payload : plain.payloads.all())
    if (sa.kind.nat_traversal != NatTraversal::none && payload.type == nat_d_of(sa.kind.nat_traversal))
      nat_d.push_back(payload.body);
  const NatSituation nat =
      compare_nat_d(nat_d, sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, path.remote,
                    {{settings_.public_address, path.local.port}, {settings_.local, path.local.port}});
  sa.udp_encapsulation =
      path.natt ||
      (!nat_d.empty() && (settings_.force_encapsulation || nat.peer_translated || nat.we_translated));
  if (nat_d.empty() && !path.natt) sa.kind.nat_traversal = NatTraversal::none;
  sa.path = path;
  sa.last_phase1_block = plain.next_iv;
  sa.renew = sa.expires - settings_.rekey_margin;
  const auto identification = wire::IsakmpIdentification::parse(phase1.id_i);
  AuthMessage auth = {.identity = identification->to_string(), .id_body = phase1.id_i, .address = {}};
  if (const auto address = identification->address()) auth.address = *address;
  auth.initial_contact = message.is_encrypted() && says_initial_contact(plain.payloads);
  --aggressive_;
  const Peer& peer = establish(sa, auth, now);
  note(path.remote, true, aggressive_mode,
       fmt::format("authenticated as {}: {}", sa.identity, sa.suite.to_string()), now);
  report(Level::info, path.remote, peer.id,
         fmt::format("IKE SA with {}: {}", sa.identity, sa.suite.to_string()));
}

}  // namespace espgate::control::ike
