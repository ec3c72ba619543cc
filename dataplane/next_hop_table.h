// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "wire/ethernet.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace espgate::dataplane {

// Index into the NextHopTable; what routes lead to. 0 is none.
using NextHopId = std::uint16_t;
inline constexpr NextHopId no_next_hop = 0;

// Where a packet goes next. A worker reads it in one load, as 48 bits of link address, 8 of port and 8 of
// state, from the highest: written in network order, the word begins with the address.
struct NextHop {
  enum class State : std::uint8_t {
    free,
    glean,       // a connected network: the destination itself has to be resolved
    incomplete,  // a neighbour whose link address is not known (any more)
    resolved,
  };

  wire::MacAddress destination{};
  std::uint8_t port = 0;
  State state = State::free;

  [[nodiscard]] std::uint64_t to_word() const {
    return as_number(destination) << 16 | std::uint64_t{port} << 8 | static_cast<std::uint64_t>(state);
  }
  [[nodiscard]] static NextHop from_word(std::uint64_t word) {
    return {as_mac(word >> 16), port_of(word), state_of(word)};
  }
  [[nodiscard]] static std::uint8_t port_of(std::uint64_t word) {
    return static_cast<std::uint8_t>(word >> 8);
  }
  [[nodiscard]] static State state_of(std::uint64_t word) { return State{static_cast<std::uint8_t>(word)}; }

  [[nodiscard]] static std::uint64_t as_number(const wire::MacAddress& mac) {
    std::uint64_t number = 0;
    for (const std::byte byte : mac.bytes) number = number << 8 | std::to_integer<std::uint64_t>(byte);
    return number;
  }
  [[nodiscard]] static wire::MacAddress as_mac(std::uint64_t number) {
    wire::MacAddress mac;
    for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = std::byte(number >> (40 - 8 * i) & 0xff);
    return mac;
  }
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

// What the workers must know of a port to send on it; likewise 48 bits of link address and 16 of MTU.
struct PortLink {
  wire::MacAddress source{};
  std::uint16_t mtu = 0;  // bytes of an IP packet

  [[nodiscard]] std::uint64_t to_word() const { return NextHop::as_number(source) << 16 | mtu; }
  [[nodiscard]] static PortLink from_word(std::uint64_t word) {
    return {NextHop::as_mac(word >> 16), static_cast<std::uint16_t>(word)};
  }
  friend bool operator==(const PortLink&, const PortLink&) = default;
};

// Next hops and ports. Written by the manager only; workers read without locks, and see each entry either as
// it was or as it is.
class NextHopTable {
 public:
  static constexpr unsigned capacity = 4096;
  static constexpr unsigned max_ports = 16;

  // A free id that now says `hop`, whose state must not be free; 0: the table is full. Ids that were released
  // longest ago come first.
  [[nodiscard]] NextHopId allocate(const NextHop& hop) {
    for (unsigned tried = 1; tried < capacity; ++tried) {
      last_ = static_cast<NextHopId>(last_ + 1 == capacity ? 1 : last_ + 1);
      if (get(last_).state != NextHop::State::free) continue;
      set(last_, hop);
      return last_;
    }
    return no_next_hop;
  }
  // Gives the id back. Only when no worker can hold it any more: behind a grace period that began after the
  // last route to it was removed.
  void release(NextHopId id) { set(id, NextHop{}); }

  void set(NextHopId id, const NextHop& hop) { hops_[id].store(hop.to_word(), std::memory_order_release); }
  [[nodiscard]] std::uint64_t word(NextHopId id) const { return hops_[id].load(std::memory_order_acquire); }
  [[nodiscard]] NextHop get(NextHopId id) const { return NextHop::from_word(word(id)); }
  void prefetch(NextHopId id) const { dataplane::prefetch(&hops_[id]); }

  void set_port(std::uint8_t port, const PortLink& link) {
    ports_[port].link.store(link.to_word(), std::memory_order_release);
  }
  void set_port_up(std::uint8_t port, bool up) { ports_[port].up.store(up, std::memory_order_release); }
  // Ports that were never set have mtu 0 and are down.
  [[nodiscard]] std::uint64_t port_word(std::uint8_t port) const {
    return ports_[port].link.load(std::memory_order_acquire);
  }
  [[nodiscard]] PortLink port(std::uint8_t port) const { return PortLink::from_word(port_word(port)); }
  [[nodiscard]] bool is_up(std::uint8_t port) const {
    return ports_[port].up.load(std::memory_order_acquire);
  }

 private:
  struct Port {
    std::atomic<std::uint64_t> link = 0;
    std::atomic<bool> up = false;
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  alignas(64) std::array<std::atomic<std::uint64_t>, capacity> hops_{};  // hops_[0] stays free
  std::array<Port, max_ports> ports_{};
  NextHopId last_ = 0;
};

}  // namespace espgate::dataplane
