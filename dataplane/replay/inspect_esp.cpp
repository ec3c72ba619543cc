// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_esp.h"

#include "dataplane/replay/fingerprint.h"
#include "wire/esp.h"

#include <algorithm>

namespace espgate::replay {
namespace {

// The end of a packet holds its ICV, or at least ciphertext: enough to tell it from any other.
constexpr std::size_t fingerprinted_bytes = 32;

std::uint32_t esp_fingerprint(wire::Bytes esp) {
  const std::uint64_t hash = fingerprint(esp.last(std::min(esp.size(), fingerprinted_bytes)));
  return static_cast<std::uint32_t>(hash ^ hash >> 32 ^ esp.size());
}

void follow_move(EspSa& sa, const OuterPacket& packet, std::uint32_t frame) {
  const bool source_moved = packet.flow.source != sa.source;
  if (!source_moved && packet.flow.destination == sa.destination) return;
  if (sa.moves++ == 0) {
    sa.first_move_frame = frame;
    sa.moved_from = source_moved ? sa.source : sa.destination;
    sa.moved_to = source_moved ? packet.flow.source : packet.flow.destination;
  }
  sa.source = packet.flow.source;
  sa.destination = packet.flow.destination;
}

}  // namespace

void EspLog::add(const OuterPacket& packet, std::uint32_t path, std::uint32_t frame,
                 std::uint64_t nanoseconds, PeerTable& peers) {
  ++packets_;
  const auto header = wire::load_header<wire::EspHeader>(packet.payload.data());
  EspSa* sa = find(packet, header.spi.host(), path, peers);
  if (sa == nullptr) sa = create(packet, key_of(packet, header.spi.host(), path, peers), nanoseconds);
  if (packet.fragment) remember_fragment(packet, sa);
  if (sa == nullptr) {
    ++not_followed_;
    return;
  }
  follow_move(*sa, packet, frame);
  sa->tally.add(packet.length);
  sa->last_nanoseconds = nanoseconds;
  if (packet.fragment) ++sa->fragmented;
  sa->sequence.add(header.sequence.host(), frame, esp_fingerprint(packet.payload));
}

// An SA known from another path is the same one if that path is of the same peer, or if its packets go to the
// very endpoint that gave it its SPI: then a NAT has moved the sender.
EspSa* EspLog::find(const OuterPacket& packet, std::uint32_t spi, std::uint32_t path, PeerTable& peers) {
  const SaKey key = key_of(packet, spi, path, peers);
  if (const auto at = index_.find(key); at != index_.end()) return at->second;
  const auto [begin, end] = by_spi_.equal_range(spi);
  const auto same = std::find_if(begin, end, [&](const auto& entry) {
    const EspSa& sa = *entry.second;
    if (sa.source.address != packet.flow.source.address) return false;
    if (sa.destination == packet.flow.destination) return true;
    return sa.destination.address == packet.flow.destination.address &&
           peers.peer_of(sa.path) == peers.peer_of(path);
  });
  if (same == end) return nullptr;
  peers.unite(path, same->second->path);
  index_.emplace(key, same->second);
  return same->second;
}

EspLog::SaKey EspLog::key_of(const OuterPacket& packet, std::uint32_t spi, std::uint32_t path,
                             const PeerTable& peers) {
  return {path, spi, packet.flow.source == peers.paths()[path].first};
}

EspSa* EspLog::create(const OuterPacket& packet, const SaKey& key, std::uint64_t nanoseconds) {
  if (sas_.size() == max_sas) return nullptr;
  EspSa& sa = sas_.emplace_back();
  sa.spi = key.spi;
  sa.path = key.path;
  sa.source = packet.flow.source;
  sa.destination = packet.flow.destination;
  sa.in_udp = packet.in_udp();
  sa.first_nanoseconds = nanoseconds;
  by_spi_.emplace(key.spi, &sa);
  index_.emplace(key, &sa);
  return &sa;
}

void EspLog::remember_fragment(const OuterPacket& packet, EspSa* sa) {
  const FragmentKey key{packet.flow.source.address, packet.flow.destination.address, packet.flow.protocol,
                        packet.identification};
  const auto [at, is_new] = fragments_.insert_or_assign(key, sa);
  if (!is_new) return;
  fragment_order_.push_back(key);
  if (fragment_order_.size() <= max_fragmented) return;
  fragments_.erase(fragment_order_.front());
  fragment_order_.pop_front();
}

bool EspLog::add_later_fragment(const OuterPacket& packet) {
  const auto at = fragments_.find({packet.flow.source.address, packet.flow.destination.address,
                                   packet.flow.protocol, packet.identification});
  if (at == fragments_.end()) return false;
  if (at->second == nullptr) return true;
  ++at->second->later_fragments;
  at->second->tally.bytes += packet.length;
  return true;
}

}  // namespace espgate::replay
