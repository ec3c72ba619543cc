// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/installation.h"

#include "crypto/secret.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>

namespace espgate::dataplane::live {
namespace {

using channel::Result;

std::optional<std::uint32_t> ipv4_of(const channel::Address& address) {
  const wire::IpAddress ip(address);
  if (ip.is_any()) return 0;
  if (!ip.is_v4()) return std::nullopt;
  return ip.as_v4();
}

std::optional<crypto::SuiteId> suite_of(const channel::SaAdd& wanted) {
  return crypto::find_suite({wanted.suite.data(), strnlen(wanted.suite.data(), wanted.suite.size())});
}

// The description without its keys, to be kept.
channel::SaAdd without_keys(const channel::SaAdd& wanted) {
  channel::SaAdd copy = wanted;
  crypto::wipe(std::as_writable_bytes(std::span(&copy.keys, 1)));
  return copy;
}

tl::expected<std::unique_ptr<crypto::Key>, Result> make_key(crypto::Engine& engine, crypto::SuiteId suite,
                                                            const channel::SaKeys& keys) {
  if (keys.cipher_key_bytes > keys.cipher_key.size() || keys.integrity_key_bytes > keys.integrity_key.size())
    return tl::unexpected(Result::bad_suite);
  auto key = engine.make_key(suite, std::span(keys.cipher_key).first(keys.cipher_key_bytes),
                             std::span(keys.integrity_key).first(keys.integrity_key_bytes));
  if (!key) return tl::unexpected(Result::bad_suite);
  return std::move(*key);
}

template <typename T, typename U>
void publish(T& to, U value) {
  std::atomic_ref<T>(to).store(value, std::memory_order_relaxed);
}

SessionHeader header_of(const channel::SessionUpdate& wanted) {
  return make_session_header({.source_port = wanted.source_port,
                              .destination_port = wanted.destination_port,
                              .tunnel = wanted.peer_tunnel,
                              .session = wanted.peer_session,
                              .length_field = wanted.length_field,
                              .address_control = wanted.address_control,
                              .compress_protocol = wanted.compress_protocol});
}

}  // namespace

Result Installation::apply(const channel::Command& command, std::uint64_t now_nanoseconds) {
  now_nanoseconds_ = now_nanoseconds;
  switch (command.type) {
    case channel::CommandType::sa_add:
      return add(command.sa_add);
    case channel::CommandType::sa_update:
      return update(command.sa_update);
    case channel::CommandType::sa_delete:
      return remove(command.sa_delete);
    case channel::CommandType::peer_update:
      return update(command.peer_update);
    case channel::CommandType::peer_delete:
      return remove(command.peer_delete);
    case channel::CommandType::session_update:
      return update(command.session_update);
    case channel::CommandType::session_delete:
      return remove(command.session_delete);
    case channel::CommandType::clear:
      clear();
      return Result::ok;
    case channel::CommandType::dump:
      return Result::ok;
  }
  return Result::unknown_command;
}

Installation::PeerEntry* Installation::find_peer(std::uint32_t id) {
  const auto at = peers_.find(id);
  return at == peers_.end() ? nullptr : at->second.get();
}

OutboundSa* Installation::outbound_of(std::uint32_t slot) {
  const auto at = pairs_.find(slot);
  return at == pairs_.end() || !at->second.outbound || at->second.outbound->expired
             ? nullptr
             : at->second.outbound->sa.get();
}

// --- SAs

Result Installation::add(const channel::SaAdd& wanted) {
  PeerEntry* peer = find_peer(wanted.peer_id);
  if (peer == nullptr) return Result::no_such_peer;
  if (wanted.slot == 0 || wanted.slot >= options_.sas.slots() || wanted.slot >= options_.progress.size())
    return Result::table_full;
  if (wanted.direction == channel::Direction::inbound && Spi::slot_of(wanted.spi) != wanted.slot)
    return Result::slot_taken;
  Pair& pair = pairs_[wanted.slot];
  if (pair.peer_id != 0 && pair.peer_id != wanted.peer_id) return Result::slot_taken;
  pair.peer_id = wanted.peer_id;
  const Result result = wanted.direction == channel::Direction::inbound ? add_inbound(*peer, pair, wanted)
                                                                        : add_outbound(*peer, pair, wanted);
  if (result == Result::ok &&
      std::find(peer->slots.begin(), peer->slots.end(), wanted.slot) == peer->slots.end())
    peer->slots.push_back(wanted.slot);
  remove_pair_if_empty(wanted.slot);
  return result;
}

Result Installation::add_inbound(PeerEntry& peer, Pair& pair, const channel::SaAdd& wanted) {
  if (pair.inbound) return pair.inbound->wanted.spi == wanted.spi ? Result::ok : Result::slot_taken;
  const auto suite = suite_of(wanted);
  if (!suite) return Result::bad_suite;
  auto key = make_key(options_.engine, *suite, wanted.keys);
  if (!key) return key.error();

  InboundSa& sa = options_.sas.prepare(wanted.spi, wanted.window_packets);
  set_suite(sa, *suite);
  sa.esn = wanted.esn;
  sa.key = key->get();
  sa.hot_key = HotKey(**key, crypto::Direction::decrypt);
  sa.peer = &peer.peer;
  sa.owner = peer.owner;
  if (wanted.sequence != 0) sa.window.start_behind(wanted.sequence);
  if (!peer.peer.add(sa)) {
    options_.sas.destroy(wanted.spi);
    return Result::table_full;
  }
  options_.progress[wanted.slot].inbound_highest.store(wanted.sequence, std::memory_order_relaxed);
  pair.inbound = std::make_unique<Inbound>(Inbound{.sa = &sa,
                                                   .key = std::move(*key),
                                                   .wanted = without_keys(wanted),
                                                   .added_nanoseconds = now_nanoseconds_});
  options_.sas.publish(wanted.spi);
  return Result::ok;
}

Result Installation::add_outbound(PeerEntry& peer, Pair& pair, const channel::SaAdd& wanted) {
  if (pair.outbound) {
    if (pair.outbound->wanted.spi != wanted.spi) return Result::slot_taken;
    return update(channel::SaUpdate{wanted.slot, wanted.spi, wanted.last_sequence});
  }
  const auto suite = suite_of(wanted);
  if (!suite) return Result::bad_suite;
  auto key = make_key(options_.engine, *suite, wanted.keys);
  if (!key) return key.error();

  auto sa = std::make_unique<OutboundSa>();
  set_suite(*sa, *suite);
  sa->spi = wanted.spi;
  sa->esn = wanted.esn;
  sa->slot = wanted.slot;
  sa->owner = peer.owner;
  sa->key = key->get();
  sa->hot_key = HotKey(**key, crypto::Direction::encrypt);
  sa->next_sequence = std::max<std::uint64_t>(wanted.sequence, 1);
  sa->last_sequence = wanted.last_sequence;
  sa->max_packet_bytes = options_.outer_mtu;
  const Endpoint local = peer.peer.local.load();
  const Endpoint remote = peer.peer.remote.load();
  set_outer_header(*sa, {.ethernet = false,
                         .source = local.address,
                         .destination = remote.address,
                         .udp = local.port != 0,
                         .source_port = local.port,
                         .destination_port = remote.port});
  if (!peer.peer.add(*sa)) return Result::table_full;
  options_.progress[wanted.slot].outbound_next.store(sa->next_sequence, std::memory_order_relaxed);
  const std::uint64_t first = sa->next_sequence;
  pair.outbound = std::make_unique<Outbound>(Outbound{.sa = std::move(sa),
                                                      .key = std::move(*key),
                                                      .wanted = without_keys(wanted),
                                                      .first_sequence = first,
                                                      .added_nanoseconds = now_nanoseconds_});
  return Result::ok;
}

Result Installation::update(const channel::SaUpdate& wanted) {
  const auto at = pairs_.find(wanted.slot);
  if (at == pairs_.end() || !at->second.outbound || at->second.outbound->wanted.spi != wanted.spi)
    return Result::no_such_sa;
  Outbound& outbound = *at->second.outbound;
  // Never lowered: numbers may have been used up to there.
  if (wanted.last_sequence <= outbound.sa->last_sequence) return Result::ok;
  publish(outbound.sa->last_sequence, wanted.last_sequence);
  outbound.wanted.last_sequence = wanted.last_sequence;
  return Result::ok;
}

Result Installation::remove(const channel::SaDelete& wanted) {
  const auto at = pairs_.find(wanted.slot);
  if (at == pairs_.end()) return Result::ok;
  Pair& pair = at->second;
  PeerEntry& peer = *find_peer(pair.peer_id);
  const bool inbound = wanted.direction == channel::Direction::inbound;
  if (inbound && pair.inbound && pair.inbound->wanted.spi == wanted.spi) remove_inbound(peer, pair);
  if (!inbound && pair.outbound && pair.outbound->wanted.spi == wanted.spi) remove_outbound(peer, pair);
  remove_pair_if_empty(wanted.slot);
  return Result::ok;
}

void Installation::remove_inbound(PeerEntry& peer, Pair& pair) {
  options_.sas.withdraw(pair.inbound->wanted.spi);
  peer.peer.remove(*pair.inbound->sa);
  options_.synchronize();
  options_.sas.destroy(pair.inbound->wanted.spi);
  pair.inbound.reset();
}

void Installation::remove_outbound(PeerEntry& peer, Pair& pair) {
  stop_sending(peer, *pair.outbound->sa);
  peer.peer.remove(*pair.outbound->sa);
  options_.synchronize();
  pair.outbound.reset();
}

void Installation::remove_pair_if_empty(std::uint32_t slot) {
  const auto at = pairs_.find(slot);
  if (at == pairs_.end() || at->second.inbound || at->second.outbound) return;
  if (PeerEntry* peer = find_peer(at->second.peer_id); peer != nullptr) std::erase(peer->slots, slot);
  pairs_.erase(at);
}

// The sessions that send on `sa` send nothing until control gives them another.
void Installation::stop_sending(PeerEntry& peer, const OutboundSa& sa) {
  for (const SessionEntry& entry : peer.sessions)
    if (options_.clients.find(entry.session->inner_address).sa == &sa)
      options_.clients.set(entry.session->inner_address, {entry.session.get(), nullptr});
}

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

Result Installation::update(const channel::SessionUpdate& wanted) {
  PeerEntry* peer = find_peer(wanted.peer_id);
  if (peer == nullptr) return Result::no_such_peer;
  const auto inner = ipv4_of(wanted.inner);
  if (!inner || !options_.clients.contains(*inner)) return Result::bad_address;
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

  auto session = std::make_unique<Session>();
  session->peer = &peer->peer;
  session->tunnel_and_session = ids;
  session->inner_address = *inner;
  session->open_for_ip = wanted.open;
  session->header = header_of(wanted);
  session->inner_limit =
      sa == nullptr ? wanted.mru : inner_limit(*sa, session->header, sa->max_packet_bytes, wanted.mru);

  auto& places = peer->peer.sessions;
  const Session* old = known == peer->sessions.end() ? nullptr : known->session.get();
  const auto place =
      std::find_if(places.begin(), places.end(), [&](const auto& each) { return each.load() == old; });
  if (place == places.end()) return Result::table_full;
  Session* fresh = session.get();
  place->store(fresh, std::memory_order_release);
  if (old != nullptr && old->inner_address != *inner) options_.clients.set(old->inner_address, {});
  options_.clients.set(*inner, {fresh, wanted.open ? sa : nullptr});
  if (old == nullptr) {
    peer->sessions.push_back({std::move(session), wanted});
    return Result::ok;
  }
  std::swap(known->session, session);
  known->wanted = wanted;
  retire(*peer, std::move(session), fresh);
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
  options_.clients.set(at->session->inner_address, {});
  auto session = std::move(at->session);
  peer->sessions.erase(at);
  retire(*peer, std::move(session), nullptr);
  return Result::ok;
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

void Installation::clear() {
  for (auto& [id, peer] : peers_) {
    while (!peer->sessions.empty()) {
      const std::uint32_t ids = peer->sessions.back().session->tunnel_and_session;
      (void)remove(
          channel::SessionDelete{id, static_cast<std::uint16_t>(ids >> 16), static_cast<std::uint16_t>(ids)});
    }
    for (const std::uint32_t slot : peer->slots) {
      Pair& pair = pairs_.at(slot);
      if (pair.inbound) remove_inbound(*peer, pair);
      if (pair.outbound) remove_outbound(*peer, pair);
    }
  }
  pairs_.clear();
  peers_.clear();
}

}  // namespace espgate::dataplane::live
