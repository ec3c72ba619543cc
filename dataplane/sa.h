// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/packet.h"
#include "dataplane/replay_window.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace espgate::dataplane {

struct Session;

// What an SA may carry (RFC 4301 §4.4.2). `any` leaves it to the next header: a capture's key file need not
// say.
enum class Encapsulation : std::uint8_t { any, l2tp, ip_tunnel };

// Which end of an L2TP SA is udp/1701: ours is, whatever the client uses. A capture shows both directions.
enum class L2tpPort : std::uint8_t { destination, source, either };

// A client's IKE lineage: what its SAs have in common. Cold: the packet path reads it only to find a session
// that the SA does not remember.
struct Peer {
  static constexpr unsigned max_sessions = 8;

  std::uint32_t id = 0;
  std::array<Session*, max_sessions> sessions{};

  // The session with our ids, or nullptr.
  [[nodiscard]] Session* find_session(std::uint32_t tunnel_and_session) const;
};

// The part of a key that each packet reads, ready for prefetching.
struct HotKey {
  const std::byte* start = nullptr;
  std::uint32_t lines = 0;

  HotKey() = default;
  HotKey(const crypto::Key& key, crypto::Direction direction)
      : start(key.hot_memory_of(direction).data()),
        lines(static_cast<std::uint32_t>((key.hot_memory_of(direction).size() + 63) / 64)) {}

  [[gnu::always_inline]] void prefetch_to_l2() const {
    for (std::uint32_t i = 0; i < lines; ++i) dataplane::prefetch_to_l2(start + 64 * std::size_t{i});
  }
};

// Packets and inner bytes of one SA; written by its owner worker only.
struct SaCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

// One inbound SA: two cache lines on the packet path. The first is read for every packet, the second also
// written.
struct alignas(64) InboundSa {
  std::uint32_t spi = 0;
  crypto::SuiteId suite = 0;
  std::uint8_t iv_bytes = 0;
  std::uint8_t icv_bytes = 0;
  std::uint8_t alignment_mask = 0;  // suite's alignment less one
  bool esn = false;
  bool ignore_replay = false;  // the window is kept, its verdict is not heeded: looped captures only
  // An SA of a capture: its sessions were set up elsewhere, so packets pass without one and are only
  // recorded. Never set for an SA of a gateway.
  bool observed = false;
  Encapsulation encapsulation = Encapsulation::l2tp;
  L2tpPort l2tp_port = L2tpPort::destination;
  std::uint8_t owner = 0;  // the worker whose packets these are
  // Where the SA's last accepted packet came from, host order: a packet that comes from elsewhere may move the peer.
  std::uint16_t heard_port = 0;
  std::uint32_t heard_address = 0;
  std::uint32_t last_tunnel_and_session = 0;  // memo of l2tp_pull
  const crypto::Key* key = nullptr;
  HotKey hot_key;
  Peer* peer = nullptr;
  Session* last_session = nullptr;

  alignas(64) ReplayWindow window;
  SaCounters counters;

  explicit InboundSa(std::uint32_t window_packets) : window(window_packets) {}
};
static_assert(sizeof(InboundSa) == 128 && offsetof(InboundSa, window) == 64);

// Link, IP and UDP headers of an outbound SA's packets, prebuilt. Right-aligned: the last byte lies just
// before the ESP header, so one copy of constant size puts it in place.
struct OuterHeader {
  static constexpr std::size_t capacity = 44;  // 42 are in use: Ethernet, IPv4 and UDP

  std::array<std::byte, capacity> bytes{};
  std::uint8_t length = 0;          // of all headers together
  std::uint8_t ip_offset = 0;       // from the start of `bytes`
  std::uint16_t checksum_base = 0;  // folded sum of the IP header with total length 0 and no checksum

  [[nodiscard]] bool has_udp() const {
    return ip_offset < capacity - 20;
  }  // else plain ESP behind IPv4's 20 bytes
};

// One outbound SA: two cache lines on the packet path.
struct alignas(64) OutboundSa {
  std::uint64_t next_sequence = 1;
  std::uint64_t last_sequence = 0xffff'ffff;  // the last that may be sent (RFC 4303 §3.3.3)
  std::uint32_t spi = 0;
  crypto::SuiteId suite = 0;
  std::uint8_t iv_bytes = 0;
  std::uint8_t icv_bytes = 0;
  std::uint8_t alignment_mask = 0;  // suite's alignment less one
  bool esn = false;
  std::uint8_t overhead_bytes = 0;  // outer IP and UDP, ESP, IV, pad length, next header, ICV; no padding
  std::uint16_t max_packet_bytes = 1500;  // of the outer IP packet
  std::uint8_t owner = 0;                 // the worker whose packets these are
  std::uint16_t next_hop = 0;             // memo of outer_route; 0: look it up
  std::uint32_t slot = 0;                 // of the SA pair; index into the counters segment
  const crypto::Key* key = nullptr;
  HotKey hot_key;

  alignas(64) OuterHeader outer;
  SaCounters counters;
};
static_assert(sizeof(OutboundSa) == 128 && offsetof(OutboundSa, outer) == 64);

// The fields that follow from the suite, for either direction.
template <typename Sa>
void set_suite(Sa& sa, crypto::SuiteId id) {
  const crypto::Suite& suite = crypto::suite(id);
  sa.suite = id;
  sa.iv_bytes = suite.iv_bytes;
  sa.icv_bytes = suite.icv_bytes;
  sa.alignment_mask = static_cast<std::uint8_t>(std::max<unsigned>(suite.alignment_bytes, 4) - 1);
}

// Where an outbound SA's packets go. Addresses are IPv4, host order.
struct OuterHeaderFields {
  bool ethernet = true;
  std::array<std::byte, 6> destination_mac{};
  std::array<std::byte, 6> source_mac{};
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  bool udp = true;  // false: plain ESP, IP protocol 50
  std::uint16_t source_port = 4500;
  std::uint16_t destination_port = 4500;
};

// Prebuilds the outer header of `sa`, whose suite is set already.
void set_outer_header(OutboundSa& sa, const OuterHeaderFields& fields);

}  // namespace espgate::dataplane
