// SPDX-License-Identifier: Apache-2.0
// Peers that IKE has made.
#include "control/gateway/gateway.h"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace espgate::control {

void Gateway::put_pair(const channel::PeerUpdate& where, const std::string& name,
                       std::unique_ptr<WantedSa> inbound, std::unique_ptr<WantedSa> outbound) {
  auto& peer = dialled_[where.peer_id];
  if (!peer) {
    peer = std::make_shared<Peer>();
    peer->name = name;
    peer->dialled = true;
    peer->update = where;
  }
  peer->awaited.push_back(inbound->add.slot);
  inbound->add.peer_id = where.peer_id;
  // The outbound one first: when the other has carried its first packet, both are there.
  if (outbound) {
    outbound->add.peer_id = where.peer_id;
    peer->sas.push_back(std::move(outbound));
  }
  peer->sas.push_back(std::move(inbound));
  unfinished_.insert(where.peer_id);
  if (reconciled_) push_unfinished();
}

void Gateway::push_unfinished() {
  for (const std::uint32_t id : unfinished_) {
    const std::shared_ptr<Peer>& peer = dialled_.at(id);
    if (peer->retry_in_seconds > 0) continue;
    if (const auto prepared = prepare(*peer); !prepared) {
      refuse(*peer, prepared.error());
      tell_installed(*peer);
      continue;
    }
    push(peer);
  }
  std::erase_if(unfinished_, [&](std::uint32_t id) { return dialled_.at(id)->is_installed(); });
}

void Gateway::tell_installed(Peer& peer) {
  std::vector<std::pair<std::uint32_t, bool>> told;
  for (const std::uint32_t slot : peer.awaited) {
    bool all = peer.installed == Installed::yes, waits = peer.installed == Installed::pending;
    for (const auto& sa : peer.sas) {
      if (sa->add.slot != slot) continue;
      all = all && sa->installed == Installed::yes;
      waits = waits || sa->installed == Installed::pending;
    }
    if (all || !waits) told.emplace_back(slot, all);
  }
  for (const auto& [slot, installed] : told) std::erase(peer.awaited, slot);
  if (peer.is_installed()) unfinished_.erase(peer.id());
  const std::string problem = peer.problem;
  tell_sessions(peer);
  // Last: who is told may take the peer away.
  for (const auto& [slot, installed] : told) options_.pair_installed(slot, installed, problem);
}

void Gateway::tell_sessions(Peer& peer) {
  std::vector<std::pair<SessionKey, bool>> told;
  for (WantedSession& session : peer.sessions) {
    if (!session.awaited || session.installed == Installed::pending) continue;
    session.awaited = false;
    told.emplace_back(SessionKey{peer.id(), session.update.tunnel, session.update.session},
                      session.installed == Installed::yes);
  }
  const std::string problem = peer.problem;
  for (const auto& [key, installed] : told) options_.session_installed(key, installed, problem);
}

void Gateway::put_session(const channel::SessionUpdate& session) {
  const auto at = dialled_.find(session.peer_id);
  if (at == dialled_.end()) return;
  Peer& peer = *at->second;
  auto found = std::ranges::find_if(peer.sessions, [&](const WantedSession& each) {
    return each.update.tunnel == session.tunnel && each.update.session == session.session;
  });
  if (found == peer.sessions.end()) found = peer.sessions.insert(peer.sessions.end(), WantedSession{});
  // The answer to an earlier version says nothing about this one.
  installer_.forget(found->installed);
  found->update = session;
  found->installed = Installed::no;
  found->awaited = true;
  unfinished_.insert(session.peer_id);
  if (reconciled_) push_unfinished();
}

void Gateway::remove_session(const SessionKey& key) {
  const auto at = dialled_.find(key.peer_id);
  if (at == dialled_.end()) return;
  auto& sessions = at->second->sessions;
  const auto found = std::ranges::find_if(sessions, [&](const WantedSession& each) {
    return each.update.tunnel == key.tunnel && each.update.session == key.session;
  });
  if (found == sessions.end()) return;
  installer_.forget(found->installed);
  if (installer_.is_connected()) installer_.remove_session(key);
  sessions.erase(found);
}

void Gateway::remove_sas(Peer& peer, std::uint32_t slot, bool outbound_only) {
  for (const auto& sa : peer.sas) {
    const bool outbound = sa->add.direction == channel::Direction::outbound;
    if (sa->add.slot != slot || (outbound_only && !outbound)) continue;
    installer_.forget(sa->installed);
    if (sa->installed != Installed::no && installer_.is_connected())
      installer_.remove_sa({sa->add.direction, sa->add.slot, sa->add.spi});
  }
  std::erase_if(peer.sas, [&](const auto& sa) {
    const bool outbound = sa->add.direction == channel::Direction::outbound;
    return sa->add.slot == slot && (outbound || !outbound_only);
  });
  if (!outbound_only) std::erase(peer.awaited, slot);
}

void Gateway::remove_outbound(std::uint32_t peer_id, std::uint32_t slot) {
  if (const auto at = dialled_.find(peer_id); at != dialled_.end()) remove_sas(*at->second, slot, true);
}

void Gateway::remove_pair(std::uint32_t peer_id, std::uint32_t slot) {
  if (const auto at = dialled_.find(peer_id); at != dialled_.end()) remove_sas(*at->second, slot, false);
}

void Gateway::remove_peer(std::uint32_t peer_id) {
  const auto at = dialled_.find(peer_id);
  if (at == dialled_.end()) return;
  const std::shared_ptr<Peer> peer = at->second;
  for (const WantedSession& session : peer->sessions) {
    installer_.forget(session.installed);
    if (session.installed != Installed::no && installer_.is_connected())
      installer_.remove_session({peer_id, session.update.tunnel, session.update.session});
  }
  peer->sessions.clear();
  while (!peer->sas.empty()) remove_sas(*peer, peer->sas.back()->add.slot, false);
  installer_.forget(peer->installed);
  if (peer->installed != Installed::no && installer_.is_connected()) installer_.remove_peer(peer_id);
  unfinished_.erase(peer_id);
  dialled_.erase(peer_id);
}

void Gateway::use_outbound(std::uint32_t peer_id, std::uint32_t slot) {
  const auto at = dialled_.find(peer_id);
  if (at == dialled_.end()) return;
  for (WantedSession& session : at->second->sessions) {
    if (session.update.outbound_slot == slot) continue;
    installer_.forget(session.installed);
    session.update.outbound_slot = slot;
    if (installer_.is_connected()) installer_.set_session(at->second, session);
  }
}

}  // namespace espgate::control
