// SPDX-License-Identifier: Apache-2.0
// Main mode as responder.
#include "control/ike/main_mode.h"
#include "control/ike/negotiator.h"
#include "control/ike/octets.h"
#include "wire/isakmp_builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

constexpr std::size_t nonce_bytes = 32;
constexpr std::string_view main_mode = "main mode";

}  // namespace

void Negotiator::on_main_mode(const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                              TimePoint now) {
  const Cookies cookies = {message.header().initiator_cookie.host(),
                           message.header().responder_cookie.host()};
  if (message.header().message_id.host() != 0 || cookies.initiator == 0) {
    count(Reason::malformed);
    return;
  }
  if (cookies.responder == 0) {
    on_first(path, datagram, message, now);
    return;
  }
  IkeSa* sa = find(cookies);
  if (sa == nullptr) sa = find({cookies.initiator, 0});  // we began, and this is the first answer
  if (sa != nullptr && sa->we_initiated) {
    if (!sa->phase1) return;
    if (path.remote.address != sa->path.remote.address) {
      count(Reason::wrong_address);
      return;
    }
    if (sa->phase1->state == Phase1::State::sent_first)
      on_second(*sa, message, now);
    else if (sa->phase1->state == Phase1::State::sent_third)
      on_fourth(*sa, message, now);
    else if (sa->phase1->state == Phase1::State::sent_fifth)
      on_sixth(*sa, message, now);
    return;
  }
  if (sa != nullptr) {
    on_fifth(*sa, path, datagram, message, now);
    return;
  }
  const HalfOpen* half_open = half_open_.find(cookies);
  if (half_open == nullptr) {
    count(Reason::unknown_cookies);
    return;
  }
  on_third(*half_open, path, datagram, message, now);
}

void Negotiator::on_first(const Path& path, wire::Bytes, const wire::IsakmpMessage& message, TimePoint now) {
  if (message.is_encrypted()) {
    count(Reason::malformed);
    return;
  }
  const auto first = read_sa_message(message, settings_.phase1);
  if (!first) {
    refuse_first(path, message, first.error(), now);
    return;
  }
  if (first->sa_body.size() > HalfOpen::most_sa_bytes) {
    refuse_first(path, message,
                 {Reason::offer_too_large,
                  fmt::format("an SA payload of {} bytes; at most {} are taken, let the client offer less",
                              first->sa_body.size(), HalfOpen::most_sa_bytes),
                  wire::IsakmpNotifyType::no_proposal_chosen},
                 now);
    return;
  }
  if (settings_.psks_for(path.remote.address).empty()) {
    refuse_first(path, message,
                 {Reason::no_psk, fmt::format("no pre-shared key for {}; add one to [[ike.psk]]",
                                              path.remote.address.to_string())},
                 now);
    return;
  }
  const std::uint64_t cky_i = message.header().initiator_cookie.host();
  Cookies cookies = {cky_i, responder_cookie(path, cky_i, first->sa_body, old_secret_)};
  if (half_open_.find(cookies) == nullptr && find(cookies) == nullptr)
    cookies.responder = responder_cookie(path, cky_i, first->sa_body, secret_);
  // A first message that comes again after the third is an old copy.
  if (find(cookies) != nullptr) return;
  if (half_open_.find(cookies) == nullptr) {
    const std::size_t gone = half_open_.insert({.cookies = cookies,
                                                .path = path,
                                                .kind = first->kind,
                                                .since = now,
                                                .sa_body = copy_of(first->sa_body)});
    refusals_.at(static_cast<std::size_t>(Reason::half_open_limit)) += gone;
  }
  send(path, build_second(cookies, first->choice, first->kind));
}

// An unprotected notification, so that the client can tell its user; few a second, since anybody may ask.
void Negotiator::refuse_first(const Path& path, const wire::IsakmpMessage& message, const Refusal& refusal,
                              TimePoint now) {
  fail(path.remote, main_mode, refusal, now);
  if (!refusal.notify || notifies_left_ == 0) return;
  --notifies_left_;
  wire::IsakmpBuilder builder(message.header().initiator_cookie.host(), 0,
                              wire::IsakmpExchange::informational, 0, random_number() | 1U);
  builder.payload(wire::IsakmpPayloadType::notification,
                  {wire::isakmp_notification(wire::IsakmpProtocol::isakmp, {}, *refusal.notify, {})});
  send(path, builder.finish());
}

// Plausible, or no key is computed: from where the first came, with a public value of the group's length.
void Negotiator::on_third(const HalfOpen& half_open, const Path& path, wire::Bytes datagram,
                          const wire::IsakmpMessage& message, TimePoint now) {
  if (half_open.path.remote != path.remote) {
    count(Reason::wrong_address);
    return;
  }
  if (message.is_encrypted()) {
    count(Reason::malformed);
    return;
  }
  const auto offer = wire::IsakmpSa::parse(half_open.sa_body);
  const auto choice = choose_phase1(*offer, settings_.phase1, half_open.kind.racoon);
  const auto payloads = Payloads::read(message.payloads());
  const auto keys = payloads ? read_key_message(*payloads, choice->suite, half_open.kind.nat_traversal)
                             : Expected<KeyMessage>(tl::unexpected(payloads.error()));
  if (!keys) {
    fail(path.remote, main_mode, keys.error(), now);
    return;
  }
  if (negotiating_.size() >= settings_.most_half_open) {
    count(Reason::half_open_limit);
    return;
  }
  auto sa = std::make_unique<IkeSa>();
  sa->cookies = half_open.cookies;
  sa->path = path;
  sa->suite = choice->suite;
  sa->kind = half_open.kind;
  sa->created = now;
  const auto offered =
      choice->lifetime_seconds == 0
          ? settings_.lifetime
          : std::chrono::seconds(std::min<std::uint64_t>(choice->lifetime_seconds, 0x7fff'ffff));
  sa->expires = now + std::min(offered, settings_.lifetime);
  sa->phase1 = std::make_unique<Phase1>();
  Phase1& phase1 = *sa->phase1;
  phase1.started = now;
  phase1.sa_body = half_open.sa_body;
  phase1.g_xi = copy_of(keys->public_value);
  phase1.nonce_i = copy_of(keys->nonce);
  phase1.psks = settings_.psks_for(path.remote.address);
  phase1.reply.question = digest_of(datagram);
  const NatSituation nat =
      compare_nat_d(keys->nat_d, sa->suite.hash, sa->cookies.initiator, sa->cookies.responder, path.remote,
                    {{settings_.public_address, path.local.port}, {settings_.local, path.local.port}});
  if (!keys->nat_d.empty()) phase1.nat_d = copy_of(keys->nat_d.front());
  sa->udp_encapsulation =
      !keys->nat_d.empty() && (settings_.force_encapsulation || nat.peer_translated || nat.we_translated);
  if (keys->nat_d.empty()) sa->kind.nat_traversal = NatTraversal::none;
  const auto started =
      start_key_exchange(*sa, {.group = sa->suite.group, .key_pair = nullptr, .peer_public = phase1.g_xi}, 0);
  if (!started) {
    // The record stays: the client will ask again.
    count(started.error().reason);
    return;
  }
  half_open_.erase(sa->cookies);
  by_cookies_[sa->cookies] = sa.get();
  negotiating_[sa->cookies] = std::move(sa);
}

void Negotiator::send_fourth(IkeSa& sa, DiffieHellmanResult result, TimePoint) {
  Phase1& phase1 = *sa.phase1;
  phase1.g_xr = copy_of(result.key_pair->public_value());
  phase1.g_xy = std::move(result.shared);
  phase1.nonce_r = random_bytes(nonce_bytes);
  const auto spoilt = random_bytes(crypto::longest_hash);
  const auto message =
      build_key_message(sa, phase1.g_xr, phase1.nonce_r, own_nat_d(sa, phase1, settings_, spoilt));
  phase1.state = Phase1::State::sent_fourth;
  phase1.reply.reply = message;
  send(sa, message);
}

// Tried under every key that fits the client's address. Nothing changes until one proves right, so that a
// forged message can't end a negotiation.
void Negotiator::on_fifth(IkeSa& sa, const Path& path, wire::Bytes datagram,
                          const wire::IsakmpMessage& message, TimePoint now) {
  const DatagramDigest digest = digest_of(datagram);
  if (!sa.phase1) {
    if (digest == sa.last_reply.question) send(sa, sa.last_reply.reply);
    return;
  }
  Phase1& phase1 = *sa.phase1;
  if (phase1.state != Phase1::State::sent_fourth || phase1.aggressive) return;
  if (digest == phase1.reply.question) {
    send(sa, phase1.reply.reply);
    return;
  }
  if (!message.is_encrypted()) {
    count(Reason::not_encrypted);
    return;
  }
  for (const std::size_t psk : phase1.psks) {
    derive_keys(sa, phase1, settings_.psks.at(psk).key.bytes());
    const auto opened = open_message(sa, phase1.iv, message);
    if (!opened) continue;
    const auto auth = read_auth_message(sa, phase1, true, *opened);
    if (!auth) continue;
    sa.psk = psk;
    sa.path = path;
    phase1.iv = opened->next_iv;
    const auto reply = build_auth_message(sa, phase1, own_identity(settings_), false);
    sa.last_phase1_block = phase1.iv;
    sa.last_reply = {digest, reply};
    sa.renew = sa.expires - settings_.rekey_margin;
    const Peer& peer = establish(sa, *auth, now);
    send(sa, reply);
    note(path.remote, true, main_mode,
         fmt::format("authenticated as {}: {}, NAT traversal {}", sa.identity, sa.suite.to_string(),
                     sa.udp_encapsulation ? "in use" : "not in use"),
         now);
    report(Level::info, path.remote, peer.id,
           fmt::format("IKE SA with {}: {}", sa.identity, sa.suite.to_string()));
    return;
  }
  sa.keys = {};
  phase1.skeyid = {};
  fail(path.remote, main_mode,
       {Reason::authentication_failed,
        fmt::format(
            "the fifth message does not decrypt and authenticate with {}: the client has another "
            "pre-shared key; compare both sides",
            phase1.psks.size() == 1
                ? "the pre-shared key of " + settings_.psks.at(phase1.psks.front()).where
                : fmt::format("any of the {} pre-shared keys that fit its address", phase1.psks.size()))},
       now);
}

}  // namespace espgate::control::ike
