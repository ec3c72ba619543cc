// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/peer_track.h"

#include "dataplane/sa.h"
#include "dataplane/sa_table.h"
#include "wire/ipv4.h"

#include <algorithm>

namespace espgate::dataplane {
namespace {

// In InboundSa::heard_address: the SA has carried traffic, but does not know where the peer is now. Nobody
// sends from there, so the next packet asks the peer.
constexpr std::uint32_t heard_nowhere = 0xffff'ffff;

// Where a packet comes from whose outer IPv4 header classify has checked.
std::uint32_t source_address(const std::byte* outer) {
  return wire::load_big_endian<std::uint32_t>(outer + offsetof(wire::Ipv4Header, source));
}

std::uint16_t source_port(const std::byte* outer) {
  const std::size_t header_length = (std::to_integer<std::size_t>(*outer) & 0x0f) * 4;
  const bool udp = outer[offsetof(wire::Ipv4Header, protocol)] == std::byte{wire::ip_protocol_udp};
  return udp ? wire::load_big_endian<std::uint16_t>(outer + header_length) : std::uint16_t{0};
}

bool is_ipv4(const std::byte* outer) { return std::to_integer<unsigned>(*outer) >> 4 == 4; }

// Before the packet goes on, so that what control reads is never behind what has passed.
void store_progress(const InboundSa& sa, channel::SaProgress& progress) {
  progress.inbound_highest.store(sa.window.highest(), std::memory_order_relaxed);
  progress.inbound_packets.store(sa.counters.packets, std::memory_order_relaxed);
  progress.inbound_bytes.store(sa.counters.bytes, std::memory_order_relaxed);
}

void tell(WorkerEvents* events, WorkerEvent::Type type, const InboundSa& sa, Endpoint from) {
  if (events == nullptr) return;
  events->push({.type = type,
                .port = from.port,
                .peer_id = sa.peer->id,
                .slot = Spi::slot_of(sa.spi),
                .spi = sa.spi,
                .address = from.address});
}

// Whether no later SA of the peer has carried traffic. An SA that the peer no longer has is never the newest.
bool is_newest(const Peer& peer, const InboundSa& sa) {
  std::uint32_t own = 0, newest_other = 0;
  for (const Peer::Inbound& place : peer.inbound) {
    const InboundSa* other = place.sa.load(std::memory_order_acquire);
    const std::uint32_t order = place.order.load(std::memory_order_relaxed);
    if (other == &sa)
      own = order;
    else if (other != nullptr && other->heard_address != 0)
      newest_other = std::max(newest_other, order);
  }
  return own > newest_other;
}

// `from` is where the peer is now. Another SA that thinks otherwise must ask again: the peer may come back.
void remember(const Peer& peer, InboundSa& sa, Endpoint from) {
  for (const Peer::Inbound& place : peer.inbound) {
    InboundSa* other = place.sa.load(std::memory_order_acquire);
    if (other == nullptr || other->heard_address == 0) continue;
    if (other->heard_address != from.address || other->heard_port != from.port)
      other->heard_address = heard_nowhere;
  }
  sa.heard_address = from.address;
  sa.heard_port = from.port;
}

void send_there(const Peer& peer, Endpoint to) {
  for (const std::atomic<OutboundSa*>& place : peer.outbound)
    if (OutboundSa* sa = place.load(std::memory_order_acquire); sa != nullptr)
      set_outer_destination(*sa, to.address, to.port);
}

// An authenticated packet comes from elsewhere than this SA's last, or is its first.
[[gnu::noinline, gnu::cold]] void hear(const Packet& packet, InboundSa& sa, WorkerEvents* events) {
  const Endpoint from{source_address(packet.outer), source_port(packet.outer)};
  Peer& peer = *sa.peer;
  if (sa.heard_address == 0) {
    sa.heard_address = heard_nowhere;
    tell(events, WorkerEvent::Type::first_packet, sa, from);
  }
  // Somebody on the way can delay or repeat packets and send them on from anywhere; only what nobody has
  // overtaken may say where the peer is.
  if (packet.sequence != sa.window.highest() || !is_newest(peer, sa)) return;
  // In UDP or plain, as negotiated (RFC 3947 §5.1): we could not answer the other form.
  const bool negotiated_udp = peer.local.load(std::memory_order_relaxed).port != 0;
  if (negotiated_udp != (from.port != 0)) return;
  remember(peer, sa, from);
  send_there(peer, from);
  if (peer.remote.load(std::memory_order_relaxed) == from) return;
  peer.remote.store(from, std::memory_order_relaxed);
  peer.moved.store(true, std::memory_order_release);
  tell(events, WorkerEvent::Type::nat_mapping, sa, from);
}

}  // namespace

void peer_track(Burst& burst, const PeerTrackContext& context) {
  for (const Packet& packet : burst.live()) {
    InboundSa& sa = *packet.inbound_sa;
    if (sa.observed) [[unlikely]]
      continue;
    if (const std::uint32_t slot = Spi::slot_of(sa.spi); slot < context.progress.size())
      store_progress(sa, context.progress[slot]);
    if (!is_ipv4(packet.outer)) [[unlikely]]
      continue;
    if (source_address(packet.outer) != sa.heard_address || source_port(packet.outer) != sa.heard_port)
        [[unlikely]]
      hear(packet, sa, context.events);
  }
}

}  // namespace espgate::dataplane
