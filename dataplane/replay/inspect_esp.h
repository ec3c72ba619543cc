// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/inspect_packet.h"
#include "dataplane/replay/inspect_peers.h"
#include "dataplane/replay/inspect_sequence.h"
#include "dataplane/replay/observer.h"

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace espgate::replay {

// One direction of ESP between two peers, as a capture shows it without its key.
struct EspSa {
  std::uint32_t spi = 0;
  std::uint32_t path = 0;
  Endpoint source;  // of the newest packet
  Endpoint destination;
  bool in_udp = false;
  Tally tally;  // bytes of whole IP packets, later fragments included
  std::uint64_t first_nanoseconds = 0;
  std::uint64_t last_nanoseconds = 0;
  std::uint64_t fragmented = 0;  // packets whose first fragment came
  std::uint64_t later_fragments = 0;
  std::uint64_t moves = 0;  // to another address or port of either side
  std::uint32_t first_move_frame = 0;
  Endpoint moved_from;  // the source, or else the destination, before the first move
  Endpoint moved_to;
  SequenceTracker sequence;
};

// Follows ESP packets by SPI.
class EspLog {
 public:
  static constexpr std::size_t max_sas = 65536;
  static constexpr std::size_t max_fragmented = 1024;  // datagrams whose later fragments may still come

  // `path` is that of the packet's flow. Unites it with the path that the SA was seen on before.
  void add(const OuterPacket& packet, std::uint32_t path, std::uint32_t frame, std::uint64_t nanoseconds,
           PeerTable& peers);
  // A first fragment that is no ESP, so that its later ones are known.
  void add_foreign_first_fragment(const OuterPacket& packet) { remember_fragment(packet, nullptr); }
  // False: its first fragment didn't come before.
  bool add_later_fragment(const OuterPacket& packet);

  [[nodiscard]] const std::deque<EspSa>& sas() const { return sas_; }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] std::uint64_t not_followed() const { return not_followed_; }

 private:
  struct SaKey {
    std::uint32_t path;
    std::uint32_t spi;
    bool from_first;

    friend auto operator<=>(const SaKey&, const SaKey&) = default;
  };
  struct FragmentKey {
    wire::IpAddress source;
    wire::IpAddress destination;
    std::uint8_t protocol;
    std::uint16_t identification;

    friend auto operator<=>(const FragmentKey&, const FragmentKey&) = default;
  };

  [[nodiscard]] EspSa* find(const OuterPacket& packet, std::uint32_t spi, std::uint32_t path,
                            PeerTable& peers);
  [[nodiscard]] EspSa* create(const OuterPacket& packet, const SaKey& key, std::uint64_t nanoseconds);
  [[nodiscard]] static SaKey key_of(const OuterPacket& packet, std::uint32_t spi, std::uint32_t path,
                                    const PeerTable& peers);
  void remember_fragment(const OuterPacket& packet, EspSa* sa);

  std::deque<EspSa> sas_;  // whose addresses stay
  std::map<SaKey, EspSa*> index_;
  std::multimap<std::uint32_t, EspSa*> by_spi_;
  std::map<FragmentKey, EspSa*> fragments_;
  std::deque<FragmentKey> fragment_order_;
  std::uint64_t packets_ = 0;
  std::uint64_t not_followed_ = 0;
};

}  // namespace espgate::replay
