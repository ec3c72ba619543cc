// SPDX-License-Identifier: Apache-2.0
// What is told of an installation: dumps, traffic, limits that were reached, the MTU of paths.
#include "dataplane/live/installation.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <atomic>

namespace espgate::dataplane::live {
namespace {

using channel::Event;
using channel::EventType;

// How long a router's word about a path's MTU counts (RFC 1191 §6.3).
constexpr std::uint64_t path_mtu_nanoseconds = 600'000'000'000;

Event sa_event(EventType type, const channel::SaAdd& wanted) {
  Event event{};
  event.type = type;
  event.peer_id = wanted.peer_id;
  event.slot = wanted.slot;
  event.spi = wanted.spi;
  event.direction = wanted.direction;
  return event;
}

bool reached(std::uint64_t limit, std::uint64_t value) { return limit != 0 && value >= limit; }

}  // namespace

void Installation::dump(const std::function<void(const Event&)>& send) const {
  for (const auto& [id, peer] : peers_) {
    Event event{};
    event.type = EventType::dump_peer;
    event.peer_id = id;
    event.remote = wire::IpAddress::v4(peer->peer.remote.load().address).bytes();
    event.remote_port = peer->peer.remote.load().port;
    send(event);
  }
  for (const auto& [slot, pair] : pairs_) {
    if (pair.inbound) {
      Event event = sa_event(EventType::dump_sa, pair.inbound->wanted);
      event.value = options_.progress[slot].inbound_highest.load();
      send(event);
    }
    if (pair.outbound) {
      Event event = sa_event(EventType::dump_sa, pair.outbound->wanted);
      event.value = options_.progress[slot].outbound_next.load();
      send(event);
    }
  }
  for (const auto& [id, peer] : peers_)
    for (const SessionEntry& session : peer->sessions) {
      Event event{};
      event.type = EventType::dump_session;
      event.peer_id = id;
      event.slot = session.wanted.outbound_slot;
      event.tunnel = session.wanted.tunnel;
      event.session = session.wanted.session;
      event.remote = session.wanted.inner;
      event.sequencing = session.wanted.sequencing;
      event.value = channel::rates_value(session.wanted);
      send(event);
    }
}

Installation::Traffic Installation::traffic_of(const PeerEntry& peer) const {
  Traffic all = peer.retired;
  for (const std::uint32_t slot : peer.slots) {
    const Pair& pair = pairs_.at(slot);
    if (pair.inbound) {
      all.packets_in += pair.inbound->sa->counters.packets;
      all.bytes_in += pair.inbound->sa->counters.bytes;
    }
    if (pair.outbound) {
      all.packets_out += pair.outbound->sa->counters.packets;
      all.bytes_out += pair.outbound->sa->counters.bytes;
    }
  }
  return all;
}

void Installation::check_limits(std::uint64_t now_nanoseconds,
                                const std::function<void(const Event&)>& send) {
  for (auto& [slot, pair] : pairs_) {
    if (pair.inbound) check_inbound(*pair.inbound, send);
    if (pair.outbound) check_outbound(slot, *pair.outbound, now_nanoseconds, send);
  }
}

void Installation::check_inbound(Inbound& inbound, const std::function<void(const Event&)>& send) {
  if (inbound.expired) return;
  const channel::SaAdd& wanted = inbound.wanted;
  const std::uint64_t bytes = inbound.sa->counters.bytes;
  const std::uint64_t packets = inbound.sa->counters.packets;
  if (reached(wanted.hard_bytes, bytes) || reached(wanted.hard_packets, packets)) {
    options_.sas.withdraw(wanted.spi);
    inbound.expired = true;
    return send(sa_event(EventType::hard_life, wanted));
  }
  if (!inbound.soft && (reached(wanted.soft_bytes, bytes) || reached(wanted.soft_packets, packets))) {
    inbound.soft = true;
    send(sa_event(EventType::soft_life, wanted));
  }
}

void Installation::check_outbound(std::uint32_t slot, Outbound& outbound, std::uint64_t now,
                                  const std::function<void(const Event&)>& send) {
  if (outbound.expired) return;
  const channel::SaAdd& wanted = outbound.wanted;
  OutboundSa& sa = *outbound.sa;
  PeerEntry& peer = *find_peer(wanted.peer_id);
  if (outbound.path_mtu_until != 0 && now >= outbound.path_mtu_until) {
    outbound.path_mtu_until = 0;
    std::atomic_ref(sa.max_packet_bytes).store(options_.outer_mtu, std::memory_order_relaxed);
    set_limits(peer, outbound);
  }
  const std::uint64_t bytes = sa.counters.bytes;
  const std::uint64_t packets = sa.counters.packets;
  const std::uint64_t next = options_.progress[slot].outbound_next.load(std::memory_order_relaxed);
  // Behind the last number that there is; behind the last that control has allowed so far it only waits.
  const bool used_up = next == 0 || next - 1 >= sequence_end(sa.esn);
  if (used_up || reached(wanted.hard_bytes, bytes) || reached(wanted.hard_packets, packets)) {
    stop_sending(peer, sa);
    outbound.expired = true;
    return send(sa_event(EventType::hard_life, wanted));
  }
  if (!outbound.soft && (reached(wanted.soft_bytes, bytes) || reached(wanted.soft_packets, packets))) {
    outbound.soft = true;
    send(sa_event(EventType::soft_life, wanted));
  }
  const std::uint64_t last = wanted.last_sequence;
  const std::uint64_t room = (last - std::min(last, outbound.first_sequence)) / 8;
  if (outbound.soft_sequence != last && next + room >= last) {
    outbound.soft_sequence = last;
    send(sa_event(EventType::soft_life, wanted));
  }
}

bool Installation::lower_path_mtu(const PathMtu& path, std::uint64_t now_nanoseconds) {
  bool found = false;
  for (auto& [slot, pair] : pairs_) {
    if (!pair.outbound || pair.outbound->wanted.spi != path.spi) continue;
    PeerEntry& peer = *find_peer(pair.peer_id);
    if (peer.peer.remote.load().address != path.destination) continue;
    found = true;
    OutboundSa& sa = *pair.outbound->sa;
    if (path.mtu >= sa.max_packet_bytes) continue;
    std::atomic_ref(sa.max_packet_bytes).store(path.mtu, std::memory_order_relaxed);
    pair.outbound->path_mtu_until = now_nanoseconds + path_mtu_nanoseconds;
    set_limits(peer, *pair.outbound);
  }
  return found;
}

// The sessions that send on this SA learn what fits now.
void Installation::set_limits(PeerEntry& peer, const Outbound& outbound) {
  const OutboundSa& sa = *outbound.sa;
  for (SessionEntry& entry : peer.sessions) {
    if (entry.wanted.outbound_slot != sa.slot) continue;
    Session& session = *entry.session;
    session.set_limit(inner_limit(sa, session.header, sa.max_packet_bytes, entry.wanted.mru));
  }
}

}  // namespace espgate::dataplane::live
