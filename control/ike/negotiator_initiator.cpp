// SPDX-License-Identifier: Apache-2.0
// Main mode as initiator: to authenticate a known client anew, and for clients and load generators of our
// own.
#include "control/ike/main_mode.h"
#include "control/ike/negotiator.h"
#include "control/ike/octets.h"
#include "wire/big_endian.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

constexpr std::size_t nonce_bytes = 32;
constexpr std::chrono::milliseconds first_retry{1000};
constexpr unsigned most_tries = 5;
constexpr std::string_view main_mode = "main mode";

// What we ask for when nothing is known of the other side.
std::vector<Phase1Suite> good_offer() {
  using crypto::DhGroup;
  using crypto::IkeHash;
  std::vector<Phase1Suite> suites;
  for (const std::uint16_t bits : {std::uint16_t{256}, std::uint16_t{128}})
    for (const IkeHash hash : {IkeHash::sha2_256, IkeHash::sha1})
      for (const DhGroup group : {DhGroup::curve25519, DhGroup::ecp256, DhGroup::modp2048})
        suites.push_back({crypto::IkeCipher::aes_cbc, bits, hash, group});
  return suites;
}

}  // namespace

void Negotiator::connect(const Path& path, TimePoint now) { begin_main_mode(path, 0, now); }

void Negotiator::begin_main_mode(const Path& path, std::uint32_t peer_id, TimePoint now) {
  const auto fitting = settings_.psks_for(path.remote.address);
  if (fitting.empty()) return;
  std::vector<Phase1Suite> suites = settings_.own_offer.empty() ? good_offer() : settings_.own_offer;
  auto sa = std::make_unique<IkeSa>();
  sa->we_initiated = true;
  sa->peer_id = peer_id;
  sa->psk = fitting.front();
  // A peer that we know: with its key, and first what it took before.
  if (const auto known = peers_.find(peer_id); known != peers_.end() && known->second->ike_sa() != nullptr) {
    const IkeSa& before = *known->second->ike_sa();
    sa->psk = before.psk;
    sa->identity = before.identity;
    std::erase(suites, before.suite);
    suites.insert(suites.begin(), before.suite);
  }
  sa->cookies.initiator = wire::load_big_endian<std::uint64_t>(random_bytes(8).data()) | 1U;
  sa->path = path;
  sa->created = now;
  sa->phase1 = std::make_unique<Phase1>();
  Phase1& phase1 = *sa->phase1;
  phase1.state = Phase1::State::sent_first;
  phase1.started = now;
  phase1.sa_body = offer_phase1(suites, static_cast<std::uint32_t>(settings_.lifetime.count()));
  phase1.sent = build_first(sa->cookies, phase1.sa_body);
  phase1.again = now + first_retry;
  send(path, phase1.sent);
  by_cookies_[sa->cookies] = sa.get();
  negotiating_[sa->cookies] = std::move(sa);
}

void Negotiator::send_again(IkeSa& sa, TimePoint now) {
  Phase1& phase1 = *sa.phase1;
  if (phase1.sent.empty() || phase1.again > now || phase1.tries + 1 >= most_tries) return;
  ++phase1.tries;
  phase1.again = now + std::chrono::seconds(1U << phase1.tries);
  send(sa, phase1.sent);
}

void Negotiator::on_second(IkeSa& sa, const wire::IsakmpMessage& message, TimePoint now) {
  const auto second = read_sa_message(message, settings_.phase1);
  const std::uint64_t cky_r = message.header().responder_cookie.host();
  if (!second || cky_r == 0) {
    count(second ? Reason::malformed : second.error().reason);
    return;
  }
  sa.suite = second->choice.suite;
  sa.kind = second->kind;
  const Cookies old = sa.cookies;
  sa.cookies.responder = cky_r;
  auto owned = std::move(negotiating_.at(old));
  negotiating_.erase(old);
  by_cookies_.erase(old);
  by_cookies_[sa.cookies] = owned.get();
  negotiating_[sa.cookies] = std::move(owned);
  sa.expires = now + settings_.lifetime;
  sa.phase1->state = Phase1::State::computing_third;
  sa.phase1->sent.clear();
  if (!start_key_exchange(sa, {.group = sa.suite.group, .key_pair = nullptr, .peer_public = {}}, 0))
    abandon(sa);
}

void Negotiator::send_third(IkeSa& sa, DiffieHellmanResult result, TimePoint now) {
  Phase1& phase1 = *sa.phase1;
  phase1.g_xi = copy_of(result.key_pair->public_value());
  phase1.key_pair = std::move(*result.key_pair);
  phase1.nonce_i = random_bytes(nonce_bytes);
  std::vector<std::vector<std::byte>> nat_d;
  if (sa.kind.nat_traversal != NatTraversal::none) {
    const auto hash_of = [&](const Endpoint& endpoint) {
      return copy_of(nat_d_hash(sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, endpoint).span());
    };
    nat_d = {hash_of(sa.path.remote), hash_of({settings_.public_address, sa.path.local.port})};
    // Whoever asks for encapsulation says of itself what can't be true.
    if (settings_.force_encapsulation) nat_d.back() = random_bytes(nat_d.back().size());
  }
  phase1.sent = build_key_message(sa, phase1.g_xi, phase1.nonce_i, nat_d);
  phase1.state = Phase1::State::sent_third;
  phase1.tries = 0;
  phase1.again = now + first_retry;
  send(sa, phase1.sent);
}

void Negotiator::on_fourth(IkeSa& sa, const wire::IsakmpMessage& message, TimePoint now) {
  if (message.is_encrypted()) return;
  const auto payloads = Payloads::read(message.payloads());
  if (payloads && payloads->find(wire::IsakmpPayloadType::sa) != nullptr) return;  // the second, once more
  const auto keys = payloads ? read_key_message(*payloads, sa.suite, sa.kind.nat_traversal)
                             : Expected<KeyMessage>(tl::unexpected(payloads.error()));
  if (!keys) {
    fail(sa.path.remote, main_mode, keys.error(), now);
    return;
  }
  Phase1& phase1 = *sa.phase1;
  phase1.g_xr = copy_of(keys->public_value);
  phase1.nonce_r = copy_of(keys->nonce);
  const NatSituation nat =
      compare_nat_d(keys->nat_d, sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, sa.path.remote,
                    {{settings_.public_address, sa.path.local.port}, {settings_.local, sa.path.local.port}});
  sa.udp_encapsulation =
      !keys->nat_d.empty() && (settings_.force_encapsulation || nat.peer_translated || nat.we_translated);
  phase1.state = Phase1::State::computing_fifth;
  phase1.sent.clear();
  auto pair = std::make_shared<crypto::DhKeyPair>(std::move(*phase1.key_pair));
  phase1.key_pair.reset();
  const auto started = start_key_exchange(
      sa, {.group = sa.suite.group, .key_pair = std::move(pair), .peer_public = phase1.g_xr}, 0);
  if (!started) abandon(sa);
}

void Negotiator::send_fifth(IkeSa& sa, DiffieHellmanResult result, TimePoint now) {
  Phase1& phase1 = *sa.phase1;
  phase1.g_xy = std::move(result.shared);
  derive_keys(sa, phase1, settings_.psks.at(sa.psk).key.bytes());
  if (sa.udp_encapsulation && !sa.path.natt) {
    constexpr std::uint16_t natt_port = 4500;
    sa.path.natt = true;
    sa.path.local.port = natt_port;
    sa.path.remote.port = natt_port;
  }
  phase1.sent = build_auth_message(sa, phase1, own_identity(settings_), true);
  phase1.state = Phase1::State::sent_fifth;
  phase1.tries = 0;
  phase1.again = now + first_retry;
  send(sa, phase1.sent);
}

void Negotiator::on_sixth(IkeSa& sa, const wire::IsakmpMessage& message, TimePoint now) {
  if (!message.is_encrypted()) {
    count(Reason::not_encrypted);
    return;
  }
  Phase1& phase1 = *sa.phase1;
  const auto opened = open_message(sa, phase1.iv, message);
  const auto auth = opened ? read_auth_message(sa, phase1, false, *opened)
                           : Expected<AuthMessage>(tl::unexpected(opened.error()));
  if (!auth) {
    count(auth.error().reason);
    return;
  }
  sa.last_phase1_block = opened->next_iv;
  sa.renew = sa.expires - settings_.rekey_margin;
  const Peer& peer = establish(sa, *auth, now);
  note(sa.path.remote, true, main_mode,
       fmt::format("authenticated anew as {}: {}", sa.identity, sa.suite.to_string()), now);
  report(Level::info, sa.path.remote, peer.id,
         fmt::format("IKE SA with {}, begun by us: {}", sa.identity, sa.suite.to_string()));
}

}  // namespace espgate::control::ike
