// SPDX-License-Identifier: Apache-2.0
// What a data plane has when we connect to it, compared with what we want.
#include "control/gateway/contents.h"
#include "control/gateway/gateway.h"

#include <algorithm>
#include <set>

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

SaKey key_of(const WantedSa& sa) { return {sa.add.direction, sa.add.slot, sa.add.spi}; }
SessionKey key_of(const WantedSession& session) {
  return {session.update.peer_id, session.update.tunnel, session.update.session};
}

// The id under which the data plane has one of the peer's SAs; 0: none.
std::uint32_t id_in(const Dump& dump, const Peer& peer) {
  for (const auto& sa : peer.sas) {
    const auto found = dump.sas.find(key_of(*sa));
    if (found != dump.sas.end()) return found->second.peer_id;
  }
  return 0;
}

}  // namespace

// Without a predecessor's state, or in our own second connection, the key of an object says all there is to
// know.
bool Gateway::was_pushed(const Fingerprint& contents) const {
  return !predecessor_ || predecessor_->pushed.contains(contents);
}

void Gateway::reconcile() {
  assign_ids();
  for (const auto& peer : peers_) adopt(*peer);
  auto installed = std::ranges::count_if(peers_, [](const auto& peer) { return peer->is_installed(); });
  for (const auto& [id, peer] : dialled_) {
    adopt(*peer);
    if (!peer->is_installed()) continue;
    unfinished_.erase(id);
    ++installed;
  }
  remove_excess();
  spdlog::info("the data plane has {} of {} peers", installed, peers_.size() + dialled_.size());
  reconciled_ = true;
  predecessor_.reset();
  dump_ = {};
  push_missing();
  push_unfinished();
  state_changed_ = true;
}

// A peer keeps the id that the control process before us gave it, or under which the data plane has it.
void Gateway::assign_ids() {
  std::set<std::uint32_t> taken = {0};
  std::map<std::string, const PeerState*> before;
  for (const auto& peer : peers_) taken.insert(peer->id());
  if (predecessor_) {
    for (const PeerState& peer : predecessor_->peers) before.emplace(peer.name, &peer);
  }
  std::vector<Peer*> without;
  for (const auto& peer : peers_) {
    if (peer->id() != 0) continue;
    const auto found = before.find(peer->name);
    const std::uint32_t id = found != before.end() ? found->second->peer_id : id_in(dump_, *peer);
    if (!taken.insert(id).second) {
      without.push_back(peer.get());
      continue;
    }
    peer->set_id(id);
    set_contents(*peer, sequences_);
    // Where it was heard counts, unless the configuration has since been changed.
    if (found != before.end() && found->second->remote_port != 0 && was_pushed(peer->contents)) {
      peer->update.remote = found->second->remote;
      peer->update.remote_port = found->second->remote_port;
    }
  }
  for (const auto& [id, peer] : dialled_) taken.insert(id);
  for (const auto& [id, peer] : dump_.peers) taken.insert(id);
  for (const auto& [key, sa] : dump_.sas) taken.insert(sa.peer_id);
  for (const auto& [key, session] : dump_.sessions) taken.insert(key.peer_id);
  if (predecessor_) {
    for (const PeerState& peer : predecessor_->peers) taken.insert(peer.peer_id);
  }
  std::uint32_t next = 1;
  for (Peer* peer : without) {
    while (!taken.insert(next).second) ++next;
    peer->set_id(next);
    set_contents(*peer, sequences_);
  }
}

void Gateway::adopt(Peer& peer) {
  if (const auto found = dump_.peers.find(peer.id());
      found != dump_.peers.end() && (peer.dialled || was_pushed(peer.contents))) {
    peer.installed = Installed::yes;
    if (found->second.remote_port != 0) {
      peer.update.remote = found->second.remote;
      peer.update.remote_port = found->second.remote_port;
    }
  }
  for (auto& sa : peer.sas) adopt(*sa);
  for (WantedSession& session : peer.sessions) {
    const auto found = dump_.sessions.find(key_of(session));
    if (found == dump_.sessions.end()) continue;
    // One whose SA is put in anew is told again which one it sends on.
    const bool has_sa = std::ranges::none_of(peer.sas, [&](const auto& sa) {
      return sa->add.slot == session.update.outbound_slot && sa->installed == Installed::no;
    });
    if (has_sa && found->second.is(session.update) && (peer.dialled || was_pushed(session.contents))) {
      session.installed = Installed::yes;
    }
  }
}

void Gateway::adopt(WantedSa& sa) const {
  const auto found = dump_.sas.find(key_of(sa));
  if (found == dump_.sas.end()) return;
  // The keys of dialled SAs are random: one of the same numbers is the same.
  const bool same = found->second.peer_id == sa.add.peer_id && (!sa.static_key || was_pushed(sa.contents));
  if (same) sa.installed = Installed::yes;
  // Also when it has to be put in anew, it goes on where it was, if it still has the same key.
  if (same || sequences_.knows(sa.identity)) sa.live = std::max(sa.live.value_or(0), found->second.value);
}

// Sessions first, then SAs, then peers: a peer that still has either is not removed.
void Gateway::remove_excess() {
  std::set<SessionKey> sessions;
  std::set<SaKey> sas;
  std::set<std::uint32_t> ids;
  const auto keep = [&](const Peer& peer) {
    ids.insert(peer.id());
    for (const WantedSession& session : peer.sessions) sessions.insert(key_of(session));
    for (const auto& sa : peer.sas) {
      if (sa->installed == Installed::yes) sas.insert(key_of(*sa));
    }
  };
  for (const auto& peer : peers_) keep(*peer);
  for (const auto& [id, peer] : dialled_) keep(*peer);
  for (const auto& [key, session] : dump_.sessions) {
    if (!sessions.contains(key)) installer_.remove_session(key);
  }
  for (const auto& [key, sa] : dump_.sas) {
    if (!sas.contains(key)) installer_.remove_sa(key);
  }
  for (const auto& [id, peer] : dump_.peers) {
    if (!ids.contains(id)) installer_.remove_peer(id);
  }
}

}  // namespace espgate::control
