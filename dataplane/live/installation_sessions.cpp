// SPDX-License-Identifier: Apache-2.0
// The peers of an installation, and their sessions.
#include "dataplane/live/installation.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <atomic>

namespace espgate::dataplane::live {
namespace {

using channel::Result;

std::optional<std::uint32_t> ipv4_of(const channel::Address& address) {
  const wire::IpAddress ip(address);
  if (ip.is_any()) return 0;
  if (!ip.is_v4()) return std::nullopt;
  return ip.as_v4();
}

SessionHeader header_of(const channel::SessionUpdate& wanted) {
  return make_session_header({.source_port = wanted.source_port,
                              .destination_port = wanted.destination_port,
                              .tunnel = wanted.peer_tunnel,
                              .session = wanted.peer_session,
                              .length_field = wanted.length_field,
                              .sequencing = wanted.sequencing,
                              .address_control = wanted.address_control,
                              .compress_protocol = wanted.compress_protocol});
}

std::unique_ptr<Session> make_session(const channel::SessionUpdate& wanted, std::uint32_t inner,
                                      const OutboundSa* sa) {
  auto session = std::make_unique<Session>();
  session->tunnel_and_session = tunnel_and_session(wanted.tunnel, wanted.session);
  session->inner_address = inner;
  session->open_for_ip = wanted.open;
  session->header = header_of(wanted);
  session->inner_limit =
      sa == nullptr ? wanted.mru : inner_limit(*sa, session->header, sa->max_packet_bytes, wanted.mru);
  return session;
}

bool has_rate(const channel::SessionUpdate& session) {
  return session.rate_from_client_kbit != 0 || session.rate_to_client_kbit != 0;
}

}  // namespace

// --- peers

Result Installation::update(const channel::PeerUpdate& wanted) {
  const auto remote = ipv4_of(wanted.remote);
  const auto local = ipv4_of(wanted.local);
  if (!remote || !local || wanted.peer_id == 0) return Result::bad_address;
  auto& entry = peers_[wanted.peer_id];
  if (entry) return Result::ok;  // where it was heard is newer than what control knows
  entry = std::make_unique<PeerEntry>();
  entry->peer.id = wanted.peer_id;
  entry->owner = static_cast<std::uint8_t>(wanted.peer_id % options_.workers);
  entry->peer.local.store({*local, wanted.local_port, 0});
  entry->peer.remote.store({*remote, wanted.remote_port, 0});
  return Result::ok;
}

Result Installation::remove(const channel::PeerDelete& wanted) {
  const PeerEntry* peer = find_peer(wanted.peer_id);
  if (peer == nullptr) return Result::ok;
  if (!peer->slots.empty() || !peer->sessions.empty()) return Result::busy;
  options_.synchronize();
  peers_.erase(wanted.peer_id);
  return Result::ok;
}

// --- sessions

const channel::SessionUpdate* Installation::find_session(std::uint32_t peer_id, std::uint16_t tunnel,
                                                         std::uint16_t session) const {
  const PeerEntry* peer = find_peer(peer_id);
  if (peer == nullptr) return nullptr;
  for (const SessionEntry& each : peer->sessions)
    if (each.wanted.tunnel == tunnel && each.wanted.session == session) return &each.wanted;
  return nullptr;
}

Result Installation::update(const channel::SessionUpdate& wanted) {
  PeerEntry* peer = find_peer(wanted.peer_id);
  if (peer == nullptr) return Result::no_such_peer;
  const auto inner = ipv4_of(wanted.inner);
  // None is given before PPP has authenticated the user.
  const bool none_yet = inner == 0u && !wanted.open;
  if (!inner || (!none_yet && !options_.clients.contains(*inner))) return Result::bad_address;
  OutboundSa* sa = outbound_of(wanted.outbound_slot);
  if (wanted.outbound_slot != 0 &&
      (sa == nullptr || pairs_.at(wanted.outbound_slot).peer_id != wanted.peer_id))
    return Result::no_such_sa;
  const std::uint32_t ids = tunnel_and_session(wanted.tunnel, wanted.session);
  const auto known =
      std::find_if(peer->sessions.begin(), peer->sessions.end(),
                   [&](const SessionEntry& each) { return each.session->tunnel_and_session == ids; });
  const Session* holder = options_.clients.find(*inner).session;
  if (holder != nullptr && (known == peer->sessions.end() || holder != known->session.get()))
    return Result::address_taken;

  auto& places = peer->peer.sessions;
  const Session* old = known == peer->sessions.end() ? nullptr : known->session.get();
  const auto place =
      std::find_if(places.begin(), places.end(), [&](const auto& each) { return each.load() == old; });
  if (place == places.end()) return Result::table_full;
  SessionEntry& entry = old == nullptr ? peer->sessions.emplace_back() : *known;
  const OldMeters meters = set_rates(entry, wanted);
  entry.wanted = wanted;

  auto session = make_session(wanted, *inner, sa);
  session->peer = &peer->peer;
  session->state = entry.state.get();
  Session* fresh = session.get();
  place->store(fresh, std::memory_order_release);
  if (old != nullptr && old->inner_address != *inner) set_client(*old, {});
  set_client(*fresh, {fresh, wanted.open ? sa : nullptr});
  std::swap(entry.session, session);
  if (session != nullptr) retire(*peer, std::move(session), fresh);
  return Result::ok;
}

Result Installation::remove(const channel::SessionDelete& wanted) {
  PeerEntry* peer = find_peer(wanted.peer_id);
  if (peer == nullptr) return Result::ok;
  const std::uint32_t ids = tunnel_and_session(wanted.tunnel, wanted.session);
  const auto at = std::find_if(peer->sessions.begin(), peer->sessions.end(), [&](const SessionEntry& each) {
    return each.session->tunnel_and_session == ids;
  });
  if (at == peer->sessions.end()) return Result::ok;
  for (auto& place : peer->peer.sessions)
    if (place.load() == at->session.get()) place.store(nullptr, std::memory_order_release);
  set_client(*at->session, {});
  SessionEntry gone = std::move(*at);  // what it has counted goes when nobody counts any more
  peer->sessions.erase(at);
  retire(*peer, std::move(gone.session), nullptr);
  count_rates(gone.wanted, {});
  return Result::ok;
}

// A rate that stays keeps its meter, and with it what was sent of late; the session's counters stay in any
// case. Workers of a session that had no state before see it with the next Session.
Installation::OldMeters Installation::set_rates(SessionEntry& entry, const channel::SessionUpdate& wanted) {
  const channel::SessionUpdate before = entry.wanted;
  if (!entry.state && (wanted.sequencing || has_rate(wanted))) entry.state = std::make_unique<SessionState>();
  count_rates(before, wanted);
  const auto meter_of = [&](std::uint32_t kbit) { return kbit == 0 ? nullptr : options_.make_meter(kbit); };
  OldMeters old;
  if (wanted.rate_from_client_kbit != before.rate_from_client_kbit)
    old.from_client = entry.state->from_client.exchange(meter_of(wanted.rate_from_client_kbit));
  if (wanted.rate_to_client_kbit != before.rate_to_client_kbit)
    old.to_client = entry.state->to_client.exchange(meter_of(wanted.rate_to_client_kbit));
  return old;
}

void Installation::count_rates(const channel::SessionUpdate& before, const channel::SessionUpdate& now) {
  if (has_rate(now)) ++sessions_with_rates_;
  if (has_rate(before)) --sessions_with_rates_;
  if (options_.rates_in_use != nullptr)
    options_.rates_in_use->store(sessions_with_rates_ != 0, std::memory_order_relaxed);
}

void Installation::set_client(const Session& session, SessionTable::Entry entry) {
  if (session.inner_address != 0) options_.clients.set(session.inner_address, entry);
}

// Workers may remember the session in its peer's SAs. Behind the first grace period none finds it anew, so
// what they remember can be corrected; behind the second nobody holds it.
void Installation::retire(PeerEntry& peer, std::unique_ptr<Session> session, Session* successor) {
  options_.synchronize();
  for (auto& place : peer.peer.inbound) {
    InboundSa* sa = place.sa.load();
    if (sa == nullptr) continue;
    Session* remembered = session.get();
    std::atomic_ref(sa->last_session)
        .compare_exchange_strong(remembered, successor, std::memory_order_relaxed);
  }
  options_.synchronize();
}

}  // namespace espgate::dataplane::live
