// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/counter.h"
#include "dataplane/packet.h"
#include "dataplane/replay_window.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>
#include <atomic>
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

// Where somebody is heard from or sent to: IPv4, host order. Port 0: plain ESP, or not known yet.
struct alignas(8) Endpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  std::uint16_t unused = 0;  // so that all bytes are told, as an atomic needs it

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
static_assert(std::atomic<Endpoint>::is_always_lock_free);

// A client's IKE lineage: what its SAs have in common. Cold: the packet path reads it only to find a session
// that the SA does not remember, and when the client's address or port is another than before. The manager
// fills it in while the owner worker reads; all SAs of a peer have the same owner.
struct Peer {
  static constexpr unsigned max_sessions = 8;
  static constexpr unsigned max_sas = 8;  // of each direction: the current ones and those being replaced

  struct Inbound {
    std::atomic<InboundSa*> sa = nullptr;
    std::atomic<std::uint32_t> order = 0;  // the later installed, the higher
  };

  std::uint32_t id = 0;
  std::array<std::atomic<Session*>, max_sessions> sessions{};
  std::array<Inbound, max_sas> inbound{};
  std::array<std::atomic<OutboundSa*>, max_sas> outbound{};
  // Our own end, set before there are SAs. Port 0: the peer's ESP goes without UDP.
  std::atomic<Endpoint> local{};
  // Where its packets go. Set by the manager before there are SAs, from then on by the owner worker.
  std::atomic<Endpoint> remote{};
  // The worker has changed `remote`, and nobody has taken note yet: who clears it reads `remote` afterwards.
  // For when the event about it was lost.
  std::atomic<bool> moved = false;
  // Where the client speaks L2TP inside its SAs, as its last message to control told: most say 1701, and some
  // behind NAT another. Set by the owner worker.
  std::atomic<std::uint16_t> l2tp_port = 1701;

  // The session with our ids, or nullptr.
  [[nodiscard]] Session* find_session(std::uint32_t tunnel_and_session) const;

  // The manager's. Install the outbound SA of a pair first: when the inbound one has carried its first
  // packet, the owner worker sees to it that all outbound SAs send where that came from. False: too many.
  // What is removed the worker may use until it was quiescent.
  [[nodiscard]] bool add(InboundSa& sa);
  [[nodiscard]] bool add(OutboundSa& sa);
  void remove(const InboundSa& sa);
  void remove(const OutboundSa& sa);

 private:
  std::uint32_t installed_ = 0;
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
  Counter packets;
  Counter bytes;
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
  // Where the peer is, as this SA told: a packet that comes from elsewhere may move the peer. Host order; see
  // peer_track. Address 0: nothing was heard yet.
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
  std::uint32_t route_generation = 0;     // of the routes when next_hop was looked up
  const crypto::Key* key = nullptr;
  HotKey hot_key;

  alignas(64) OuterHeader outer;
  SaCounters counters;
};
static_assert(sizeof(OutboundSa) == 128 && offsetof(OutboundSa, outer) == 64);

// The last sequence number that there is.
[[nodiscard]] constexpr std::uint64_t sequence_end(bool esn) {
  return esn ? ~std::uint64_t{0} : std::uint64_t{0xffff'ffff};
}

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

// Sends the packets of `sa`, whose outer header is there, to another address and port (host order; the port
// counts for nothing without UDP). By the worker that sends, or before there is one.
void set_outer_destination(OutboundSa& sa, std::uint32_t address, std::uint16_t port) noexcept;

}  // namespace espgate::dataplane
