// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/neighbour_actions.h"
#include "dataplane/next_hop_table.h"
#include "dataplane/route_table.h"
#include "dataplane/waiting_packets.h"
#include "wire/arp.h"
#include "wire/ipv4_prefix.h"

#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace espgate::dataplane {

// The manager's ARP cache (RFC 826): resolves gateways, and hosts of connected networks when a packet for
// them comes, which become /32 routes. Bytes and a time in, actions out; reads no clock. Times are
// nanoseconds of one clock that never goes back. For the manager's thread only.
class Neighbours {
 public:
  static constexpr std::uint64_t second = 1'000'000'000;
  static constexpr std::uint64_t reachable_nanoseconds = 60 * second;  // then it is asked again
  static constexpr std::uint64_t probe_nanoseconds = second;
  static constexpr unsigned probes = 3;                          // unanswered, then it is given up
  static constexpr std::uint64_t rest_nanoseconds = 5 * second;  // before it is asked again
  static constexpr unsigned max_waiting_each = 16;               // packets that wait for one neighbour
  static constexpr unsigned max_waiting = 1024;                  // and for all
  static constexpr unsigned max_hosts = 2048;  // so that a scan of a connected network can't exhaust memory

  struct Port {
    std::uint8_t id = 0;
    wire::MacAddress mac{};
    wire::Ipv4Prefix address{};  // our own, with the length of the connected network
  };

  enum class State : std::uint8_t {
    incomplete,  // asked for, packets wait
    reachable,
    probing,  // was reachable a minute ago and is asked again; packets flow
    failed,   // did not answer; rests
  };

  // A row of the cache, as people read it.
  struct Row {
    std::uint32_t address = 0;
    std::uint8_t port = 0;
    std::optional<wire::MacAddress> mac;
    State state = State::incomplete;
    bool gateway = false;
    std::uint64_t age_nanoseconds = 0;  // since it was last heard; if never, since we began to ask
    unsigned waiting = 0;
  };

  struct Counters {
    std::uint64_t conflicts = 0;  // somebody claimed one of our own addresses
    std::uint64_t ignored = 0;    // ARP messages that we asked nobody for and that nobody addressed to us
    std::uint64_t evicted = 0;    // unresolved hosts that made room for others
    std::uint64_t failed = 0;     // neighbours that did not answer
  };

  // All must outlive this.
  Neighbours(NextHopTable& hops, RouteTable& routes, NeighbourActions& actions);
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;
  ~Neighbours();

  // Adds a port, or says that its addresses are these now. Returns the id for the route of its connected
  // network, which is the caller's to add; 0: the table of next hops is full.
  [[nodiscard]] NextHopId add_port(const Port& port);
  // The gateway's id for routes `via` it; it is asked for from the next tick on, and kept resolved for good.
  // The same gateway again gives the same id. 0: no such port, one of our own addresses, or the table of next
  // hops is full.
  [[nodiscard]] NextHopId add_gateway(std::uint8_t port, std::uint32_t address);
  // No route leads via `gateway` any more: it becomes a host like others.
  void remove_gateway(NextHopId gateway);

  // An ARP message that came in on `port`.
  void on_arp(std::uint8_t port, const wire::ArpMessage& message, std::uint64_t now);
  // A packet for `destination` that a worker could not send because `hop` is not resolved. The packet is ours
  // until it is released or dropped, perhaps at once.
  void on_unresolved(void* packet, NextHopId hop, std::uint32_t destination, std::uint64_t now);

  // Tells a link who we are (RFC 5227 §2.3), now and two seconds later: at start and when the link comes up.
  void announce(std::uint8_t port, std::uint64_t now);
  void announce(std::uint64_t now);
  // Asks, gives up, forgets. To be called several times a second.
  void tick(std::uint64_t now);
  // Drops whatever waits.
  void flush();

  // By port, then address.
  [[nodiscard]] std::vector<Row> list(std::uint64_t now) const;
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  using Key = WaitingPackets::Key;  // port and address; 0 is nobody's

  struct Entry {
    std::uint32_t address = 0;
    std::uint8_t port = 0;
    State state = State::incomplete;
    bool gateway = false;
    bool heard = false;        // whether mac and heard_at say anything
    bool volunteered = false;  // learnt from its own request, nobody here asked for it
    std::uint8_t asked = 0;    // requests since it was last heard, or since we began to ask
    NextHopId hop = no_next_hop;
    wire::MacAddress mac{};
    std::uint64_t heard_at = 0;
    std::uint64_t began_at = 0;
    std::uint64_t due_at = 0;             // the next thing to do about it
    std::list<Key>::iterator unresolved;  // place in unresolved_; end() when it is not there
  };

  struct OwnPort {
    Port port;
    NextHopId glean = no_next_hop;
    std::uint64_t announce_at = 0;  // 0: not
    std::uint64_t defended_at = 0;  // 0: never
  };

  [[nodiscard]] static Key key_of(std::uint8_t port, std::uint32_t address) {
    return std::uint64_t{port} << 32 | address;
  }
  [[nodiscard]] static bool is_resolved(const Entry& entry) {
    return entry.state == State::reachable || entry.state == State::probing;
  }

  // What is ours.
  [[nodiscard]] OwnPort* find_port(std::uint8_t port);
  [[nodiscard]] bool is_own_address(std::uint32_t address) const;
  [[nodiscard]] bool is_own_mac(const wire::MacAddress& mac) const;
  [[nodiscard]] bool may_be_host(const OwnPort& port, std::uint32_t address) const;

  // Entries.
  [[nodiscard]] Entry* find(Key key);
  [[nodiscard]] Entry* find_or_add(NextHopId hop, std::uint32_t destination, std::uint64_t now);
  Entry& insert(std::uint8_t port, std::uint32_t address, std::uint64_t now);
  [[nodiscard]] Entry* add_host(std::uint8_t port, std::uint32_t address, std::uint64_t now);
  void remove(Entry& entry);
  bool set_hop(Entry& entry, const NextHop& hop);
  void lose_link_address(Entry& entry);
  void step_out_of_unresolved(Entry& entry);

  // Packets that wait.
  void wait(const Entry& entry, void* packet);
  void release_waiting(const Entry& entry);
  void drop_waiting(const Entry& entry);
  void drop_all(const std::vector<void*>& packets);

  // What happens.
  void learn(OwnPort& port, const wire::ArpMessage& message, std::uint64_t now);
  void heard(Entry& entry, const wire::MacAddress& mac, std::uint64_t now);
  void on_conflict(OwnPort& port, std::uint32_t claimed, std::uint64_t now);
  void ask(Entry& entry, std::uint64_t now);
  void ask_anew(Entry& entry, std::uint64_t now);
  void give_up(Entry& entry, std::uint64_t now);
  [[nodiscard]] bool step(Entry& entry, std::uint64_t now);
  void send_announcement(const OwnPort& port);
  void announce_due(std::uint64_t now);

  NextHopTable& hops_;
  RouteTable& routes_;
  NeighbourActions& actions_;
  std::vector<OwnPort> ports_;
  std::unordered_map<Key, Entry> entries_;
  std::vector<Key> key_of_hop_;  // index: NextHopId
  std::list<Key> unresolved_;    // hosts without link address, the oldest first
  WaitingPackets waiting_{max_waiting_each, max_waiting};
  unsigned hosts_ = 0;
  unsigned volunteers_ = 0;
  Counters counters_;
};

// "incomplete", "reachable", "probing", "failed".
[[nodiscard]] std::string_view to_string(Neighbours::State state);

}  // namespace espgate::dataplane
