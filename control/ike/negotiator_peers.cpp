// SPDX-License-Identifier: Apache-2.0
// Who belongs together: IKE SAs and SA pairs of one client.
#include "control/ike/main_mode.h"
#include "control/ike/negotiator.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

// After a client has deleted an SA, packets of it may still be on their way.
constexpr std::chrono::seconds leave_grace{5};
// How long an expired inbound SA is still taken.
constexpr std::chrono::seconds quick_start{30};

}  // namespace

// Only from the very address and port where the peer was heard last, with the same identity, while the peer
// is alive. Everything else is a new peer: with a group key an identity proves nothing.
Peer* Negotiator::find_joinable(const IkeSa& sa, const AuthMessage& auth, TimePoint now) {
  if (sa.we_initiated && sa.peer_id != 0) {
    // A NAT may have given the port to somebody else meanwhile.
    const auto ours = peers_.find(sa.peer_id);
    return ours == peers_.end() || ours->second->identity != auth.identity ? nullptr : ours->second.get();
  }
  const auto found = by_endpoint_.find(sa.path.remote);
  if (found == by_endpoint_.end()) return nullptr;
  Peer& peer = *peers_.at(found->second);
  const bool same = peer.identity == auth.identity;
  const bool alive = now - peer.heard < settings_.dpd_timeout || peer.live_pair() != nullptr;
  if (!same) return nullptr;
  // The client says that it has no other SA with us: what there was is of a life before.
  if (auth.initial_contact && !sa.we_initiated) {
    remove_peer(peer, "the client has started anew", false, now);
    return nullptr;
  }
  return alive ? &peer : nullptr;
}

Peer& Negotiator::establish(IkeSa& sa, const AuthMessage& auth, TimePoint now) {
  auto owned = std::move(negotiating_.at(sa.cookies));
  negotiating_.erase(sa.cookies);
  sa.identity = auth.identity;
  Peer* peer = find_joinable(sa, auth, now);
  if (peer == nullptr) {
    auto made = std::make_unique<Peer>();
    while (peers_.contains(next_peer_id_) || next_peer_id_ < 2) ++next_peer_id_;
    made->id = next_peer_id_++;
    made->created = now;
    made->identity = auth.identity;
    made->inner = auth.address;
    peer = made.get();
    peers_[made->id] = std::move(made);
  }
  sa.peer_id = peer->id;
  sa.phase1.reset();
  peer->ike_sas.push_back(std::move(owned));
  if (peer->ike_sas.size() > Peer::most_ike_sas) {
    send_delete(*peer->ike_sas.front());
    remove_ike_sa(*peer, *peer->ike_sas.front());
  }
  heard(*peer, sa.path, now);
  if (settings_.keepalive.count() != 0) peer->keepalive_at = now + settings_.keepalive;
  arm(*peer, std::min(now + quick_start, next_due(*peer)));
  changed_.insert(peer->id);
  if (environment_.save_keys) {
    std::string line = fmt::format("{:016x},", sa.cookies.initiator);
    for (const std::byte byte : sa.keys.cipher_key.bytes())
      line += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    actions_.emplace_back(SaveKey{SaveKey::Table::ikev1_decryption_table, std::move(line)});
  }
  return *peer;
}

// `path`: of a packet that was authenticated.
void Negotiator::heard(Peer& peer, const Path& path, TimePoint now) {
  peer.heard = now;
  peer.probes = 0;
  peer.probe_again = now + settings_.dpd_delay;
  by_endpoint_[path.remote] = peer.id;  // another one may have been heard from there in between
  if (peer.path == path) return;
  const auto old = by_endpoint_.find(peer.path.remote);
  const bool moved = peer.path.remote != path.remote;
  if (moved && old != by_endpoint_.end() && old->second == peer.id) by_endpoint_.erase(old);
  peer.path = path;
  changed_.insert(peer.id);
}

void Negotiator::arm(Peer& peer, TimePoint when) {
  if (when >= peer.armed) return;
  peer.armed = when;
  wheel_.add(when, peer.id);
}

void Negotiator::remove_pair(Peer& peer, std::uint32_t slot) {
  const SaPair* pair = peer.find_pair(slot);
  if (pair == nullptr) return;
  actions_.emplace_back(RemovePair{peer.id, slot, pair->spi_in, pair->spi_out, false});
  for (const auto& sa : peer.ike_sas)
    std::erase_if(sa->exchanges, [&](const auto& each) { return each->quick && each->quick->slot == slot; });
  std::erase_if(peer.pairs, [&](const auto& each) { return each->slot == slot; });
  peer_of_slot_.erase(slot);
  spis_.release(slot);
  changed_.insert(peer.id);
}

// Nothing is sent on it any more; what comes late is taken for a while.
void Negotiator::leave(Peer& peer, SaPair& pair, TimePoint now) {
  if (pair.state == SaPair::State::leaving) return;
  pair.state = SaPair::State::leaving;
  pair.remove_at = now + leave_grace;
  if (const SaPair* other = peer.live_pair(); other != nullptr)
    actions_.emplace_back(UseOutbound{peer.id, other->slot});
  actions_.emplace_back(RemovePair{peer.id, pair.slot, pair.spi_in, pair.spi_out, true});
  changed_.insert(peer.id);
  arm(peer, pair.remove_at);
}

// The client has the pair: by the third message, or because it sends on it.
void Negotiator::confirm(Peer& peer, SaPair& pair, TimePoint now) {
  if (pair.state != SaPair::State::unconfirmed) return;
  pair.state = SaPair::State::live;
  actions_.emplace_back(UseOutbound{peer.id, pair.slot});
  changed_.insert(peer.id);
  const crypto::Suite& suite = crypto::suite(pair.offer.suite);
  note(peer.path.remote, true, "quick mode",
       fmt::format("SAs for {}: {}, {} s", pair.selector, suite.name, pair.lifetime.seconds.count()), now);
  report(Level::info, peer.path.remote, peer.id,
         fmt::format("SAs {:#010x} in, {:#010x} out: {}, for {}", pair.spi_in, pair.spi_out, suite.name,
                     pair.selector));
  arm(peer, next_due(peer));
}

void Negotiator::remove_ike_sa(Peer& peer, const IkeSa& sa) {
  by_cookies_.erase(sa.cookies);
  // Quick modes that were going on under it end with it.
  std::vector<std::uint32_t> unfinished;
  for (const auto& exchange : sa.exchanges)
    if (exchange->quick && exchange->quick->slot != 0) unfinished.push_back(exchange->quick->slot);
  for (const std::uint32_t slot : unfinished) {
    const SaPair* pair = peer.find_pair(slot);
    if (pair == nullptr) spis_.release(slot);
    if (pair != nullptr && pair->state == SaPair::State::installing) remove_pair(peer, slot);
  }
  std::erase_if(peer.ike_sas, [&](const auto& each) { return each.get() == &sa; });
  changed_.insert(peer.id);
}

// Deletes go out before what they name is gone; the data plane hears last.
void Negotiator::remove_peer(Peer& peer, std::string_view why, bool tell, TimePoint now) {
  const std::uint32_t id = peer.id;
  note(peer.path.remote, false, "connection", std::string(why), now);
  report(Level::info, peer.path.remote, id, fmt::format("peer {} is gone: {}", peer.identity, why));
  if (IkeSa* sa = peer.ike_sa(); tell && sa != nullptr) {
    for (const auto& pair : peer.pairs)
      if (pair->state != SaPair::State::leaving) send_delete(*sa, *pair);
    for (const auto& each : peer.ike_sas)
      if (each->is_established()) send_delete(*each);
  }
  while (!peer.pairs.empty()) remove_pair(peer, peer.pairs.back()->slot);
  while (!peer.ike_sas.empty()) remove_ike_sa(peer, *peer.ike_sas.back());
  const auto at = by_endpoint_.find(peer.path.remote);
  if (at != by_endpoint_.end() && at->second == id) by_endpoint_.erase(at);
  actions_.emplace_back(RemovePeer{id});
  changed_.insert(id);
  peers_.erase(id);
}

void Negotiator::remove_if_empty(Peer& peer, TimePoint now) {
  if (peer.ike_sas.empty() && peer.pairs.empty()) remove_peer(peer, "the client has hung up", false, now);
}

bool Negotiator::disconnect(std::uint32_t peer_id, std::string_view why, TimePoint now) {
  const auto found = peers_.find(peer_id);
  if (found == peers_.end()) return false;
  remove_peer(*found->second, why, true, now);
  return true;
}

// The data plane is told of the pairs by who restores; it compares with what is installed.
void Negotiator::restore(std::unique_ptr<Peer> peer, TimePoint now) {
  for (const auto& sa : peer->ike_sas) {
    by_cookies_[sa->cookies] = sa.get();
    sa->dpd_answered = sa->dpd_sequence;
  }
  for (const auto& pair : peer->pairs) {
    spis_.reserve(pair->slot, pair->spi_in);
    peer_of_slot_[pair->slot] = peer->id;
  }
  by_endpoint_[peer->path.remote] = peer->id;
  next_peer_id_ = std::max(next_peer_id_, peer->id + 1);
  Peer& kept = *peer;
  peers_[kept.id] = std::move(peer);
  arm(kept, std::max(now, next_due(kept)));
}

}  // namespace espgate::control::ike
