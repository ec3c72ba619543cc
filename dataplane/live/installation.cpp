// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/installation.h"

#include "crypto/secret.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>

namespace espgate::dataplane::live {
namespace {

using channel::Result;

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

// The sender's counter must never cycle (RFC 4303 §3.3.3), whatever control allows.
std::uint64_t last_possible(const channel::SaAdd& wanted) {
  return wanted.esn ? wanted.last_sequence : std::min(wanted.last_sequence, sequence_end(false));
}

template <typename T, typename U>
void publish(T& to, U value) {
  std::atomic_ref<T>(to).store(value, std::memory_order_relaxed);
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

Installation::PeerEntry* Installation::find_peer(std::uint32_t id) const {
  const auto at = peers_.find(id);
  return at == peers_.end() ? nullptr : at->second.get();
}

OutboundSa* Installation::outbound_of(std::uint32_t slot) {
  const auto at = pairs_.find(slot);
  return at == pairs_.end() || !at->second.outbound || at->second.outbound->expired
             ? nullptr
             : at->second.outbound->sa.get();
}

std::optional<Installation::Sending> Installation::sending(std::uint32_t peer_id, std::uint32_t slot) const {
  const auto at = pairs_.find(slot);
  const auto ticket = options_.outbound.ticket(slot);
  if (!ticket || at == pairs_.end() || at->second.peer_id != peer_id) return std::nullopt;
  return Sending{*ticket, at->second.outbound->sa->owner,
                 find_peer(peer_id)->peer.l2tp_port.load(std::memory_order_relaxed)};
}

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
  channel::SaProgress& progress = options_.progress[wanted.slot];
  progress.inbound_highest.store(wanted.sequence, std::memory_order_relaxed);
  progress.inbound_packets.store(0, std::memory_order_relaxed);
  progress.inbound_bytes.store(0, std::memory_order_relaxed);
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
  sa->last_sequence = last_possible(wanted);
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
  channel::SaProgress& progress = options_.progress[wanted.slot];
  progress.outbound_next.store(sa->next_sequence, std::memory_order_relaxed);
  progress.outbound_packets.store(0, std::memory_order_relaxed);
  progress.outbound_bytes.store(0, std::memory_order_relaxed);
  const std::uint64_t first = sa->next_sequence;
  options_.outbound.publish(*sa, peer.peer);
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
  if (wanted.last_sequence <= outbound.wanted.last_sequence) return Result::ok;
  outbound.wanted.last_sequence = wanted.last_sequence;
  publish(outbound.sa->last_sequence, last_possible(outbound.wanted));
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
  peer.retired.packets_in += pair.inbound->sa->counters.packets;
  peer.retired.bytes_in += pair.inbound->sa->counters.bytes;
  options_.sas.destroy(pair.inbound->wanted.spi);
  pair.inbound.reset();
}

void Installation::remove_outbound(PeerEntry& peer, Pair& pair) {
  stop_sending(peer, *pair.outbound->sa);
  peer.peer.remove(*pair.outbound->sa);
  options_.synchronize();
  peer.retired.packets_out += pair.outbound->sa->counters.packets;
  peer.retired.bytes_out += pair.outbound->sa->counters.bytes;
  pair.outbound.reset();
}

void Installation::remove_pair_if_empty(std::uint32_t slot) {
  const auto at = pairs_.find(slot);
  if (at == pairs_.end() || at->second.inbound || at->second.outbound) return;
  if (PeerEntry* peer = find_peer(at->second.peer_id); peer != nullptr) std::erase(peer->slots, slot);
  pairs_.erase(at);
}

// The sessions that send on `sa` send nothing until control gives them another, nor does control by `sa`.
void Installation::stop_sending(PeerEntry& peer, const OutboundSa& sa) {
  options_.outbound.withdraw(sa.slot);
  for (const SessionEntry& entry : peer.sessions)
    if (options_.clients.find(entry.session->inner_address).sa == &sa)
      options_.clients.set(entry.session->inner_address, {entry.session.get(), nullptr});
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
