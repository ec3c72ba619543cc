// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/drop_reason.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace espgate::dataplane {

struct InboundSa;
struct OutboundSa;
struct Session;

// Where a packet leaves the path other than forwarded or dropped: to somebody who reads it whole.
enum class Punt : std::uint8_t {
  ike,           // data: the UDP payload, without the non-ESP marker
  keepalive,     // RFC 3948 §2.3: nobody reads it, it is counted
  l2tp_control,  // data: the L2TP header
  ppp_control,   // data: the PPP protocol field (behind address and control, if there)
  neighbour,     // ARP and IPv6 neighbour discovery; data: behind the link header
  icmp,          // ICMP from outside; data: the outer IP header
  held,          // a fragment that waits for the others; the buffer is no longer ours
  handover,      // another worker owns its SA. data: the ESP header, or the inner IP header on the way out
  echo_request,  // for one of our own addresses. data: the IP header; answered where it lies
  local,         // anything else for our own addresses from a client or the private side. data: the IP header
  from_inside,   // one port for both sides: a packet of the private side. data: the IP header
  to_client,     // from one client for another. data: the inner IP header
  fragment,      // too big for its way and may be fragmented. data: the IP header
  unresolved,    // the next hop's link address is not known yet. data: the IP header
};
inline constexpr std::size_t punt_count = 14;

// A packet on its way through the stages: one cache line that says where its bytes are and what is known of
// them. [data, data + length) is what no stage has stripped yet; it is contiguous and belongs to this packet
// alone.
struct alignas(64) Packet {
  std::byte* data;
  const std::byte* outer;   // the outer IP header, once classify has seen it; stays readable
  InboundSa* inbound_sa;    // set by sa_lookup
  Session* session;         // set by l2tp_pull inbound, session_lookup outbound
  OutboundSa* outbound_sa;  // set by session_lookup
  std::uint64_t sequence;   // ESP sequence number, 64 bits with ESN (RFC 4303 §2.2.1)
  std::uint32_t length;
  std::uint32_t tunnel_and_session;  // ids of the L2TP message that carried it, set by l2tp_pull
  std::uint16_t ether_type;          // of `data`; 0 while that is no network layer. Host order
  std::uint16_t headroom;            // writable bytes before `data`; only kept true on the way out
  std::uint16_t tailroom;            // writable bytes behind `data + length`; likewise
  std::uint16_t next_hop;            // index into the next hops, set by ip_forward and outer_route

  [[nodiscard]] std::span<std::byte> bytes() const { return {data, length}; }
  void pull(std::size_t count) {
    data += count;
    length -= static_cast<std::uint32_t>(count);
  }
};
static_assert(sizeof(Packet) == 64);

inline constexpr unsigned max_burst = 64;

// Up to 64 packets that go through the stages together. A packet is live until a stage drops or punts it.
class Burst {
 public:
  // The live packets in order. A stage may drop or punt the packet at hand while it iterates.
  class LiveRange {
   public:
    class Iterator {
     public:
      Iterator(Burst* burst, std::uint64_t left) : burst_(burst), left_(left) {}
      Packet& operator*() const { return burst_->packets_[static_cast<unsigned>(std::countr_zero(left_))]; }
      Iterator& operator++() {
        left_ &= left_ - 1;
        return *this;
      }
      friend bool operator==(const Iterator& a, const Iterator& b) { return a.left_ == b.left_; }

     private:
      Burst* burst_;
      std::uint64_t left_;
    };

    LiveRange(Burst* burst, std::uint64_t mask) : burst_(burst), mask_(mask) {}
    [[nodiscard]] Iterator begin() const { return {burst_, mask_}; }
    [[nodiscard]] Iterator end() const { return {burst_, 0}; }

   private:
    Burst* burst_;
    std::uint64_t mask_;
  };

  // Starts a new burst of `count` live packets, whose place and buffers the caller has set or sets now.
  void reset(unsigned count) {
    count_ = count;
    live_ = count == max_burst ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    dropped_ = punted_ = 0;
  }

  // The owner of a packet's bytes (an rte_mbuf); the stages never look inside.
  [[nodiscard]] void*& buffer(unsigned index) { return buffers_[index]; }

  [[nodiscard]] Packet& operator[](unsigned index) { return packets_[index]; }
  [[nodiscard]] const Packet& operator[](unsigned index) const { return packets_[index]; }
  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] unsigned index_of(const Packet& packet) const {
    return static_cast<unsigned>(&packet - packets_.data());
  }

  [[nodiscard]] LiveRange live() { return {this, live_}; }
  [[nodiscard]] LiveRange dropped() { return {this, dropped_}; }
  [[nodiscard]] LiveRange punted() { return {this, punted_}; }
  // Bit i: packet i.
  [[nodiscard]] std::uint64_t live_mask() const { return live_; }
  [[nodiscard]] unsigned live_count() const { return static_cast<unsigned>(std::popcount(live_)); }
  [[nodiscard]] bool is_live(unsigned index) const { return (live_ >> index & 1) != 0; }
  [[nodiscard]] bool is_dropped(unsigned index) const { return (dropped_ >> index & 1) != 0; }

  // Both out of line, which keeps the stages' loops short: most packets stay live.
  [[gnu::noinline, gnu::cold]] void drop(const Packet& packet, DropReason reason) {
    const unsigned index = index_of(packet);
    live_ &= ~(std::uint64_t{1} << index);
    dropped_ |= std::uint64_t{1} << index;
    exit_[index] = static_cast<std::uint8_t>(reason);
  }
  [[gnu::noinline, gnu::cold]] void punt(const Packet& packet, Punt where) {
    const unsigned index = index_of(packet);
    live_ &= ~(std::uint64_t{1} << index);
    punted_ |= std::uint64_t{1} << index;
    exit_[index] = static_cast<std::uint8_t>(where);
  }
  // Only for packets of dropped() and punted() respectively.
  [[nodiscard]] DropReason drop_reason(const Packet& packet) const {
    return static_cast<DropReason>(exit_[index_of(packet)]);
  }
  [[nodiscard]] Punt punt_reason(const Packet& packet) const {
    return static_cast<Punt>(exit_[index_of(packet)]);
  }

 private:
  std::array<Packet, max_burst> packets_;
  std::array<void*, max_burst> buffers_{};
  std::array<std::uint8_t, max_burst> exit_{};
  std::uint64_t live_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t punted_ = 0;
  unsigned count_ = 0;
};

// Always inline: GCC 12 takes a function that only prefetches for pure and drops calls of it.
[[gnu::always_inline]] inline void prefetch(const void* address) { __builtin_prefetch(address, 0, 3); }
[[gnu::always_inline]] inline void prefetch_for_write(const void* address) {
  __builtin_prefetch(address, 1, 3);
}
[[gnu::always_inline]] inline void prefetch_to_l2(const void* address) { __builtin_prefetch(address, 0, 2); }

}  // namespace espgate::dataplane
