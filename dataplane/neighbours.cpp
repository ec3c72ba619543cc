// SPDX-License-Identifier: Apache-2.0
#include "dataplane/neighbours.h"

#include <algorithm>

namespace espgate::dataplane {

std::string_view to_string(Neighbours::State state) {
  switch (state) {
    case Neighbours::State::incomplete:
      return "incomplete";
    case Neighbours::State::reachable:
      return "reachable";
    case Neighbours::State::probing:
      return "probing";
    case Neighbours::State::failed:
      return "failed";
  }
  return "";
}

Neighbours::Neighbours(NextHopTable& hops, RouteTable& routes, NeighbourActions& actions)
    : hops_(hops), routes_(routes), actions_(actions), key_of_hop_(NextHopTable::capacity) {}

Neighbours::~Neighbours() { flush(); }

// ---- entries

Neighbours::Entry* Neighbours::find(Key key) {
  const auto at = entries_.find(key);
  return at == entries_.end() ? nullptr : &at->second;
}

Neighbours::Entry& Neighbours::insert(std::uint8_t port, std::uint32_t address, std::uint64_t now) {
  Entry& entry = entries_[key_of(port, address)];
  entry.address = address;
  entry.port = port;
  entry.began_at = now;
  entry.due_at = now;
  entry.unresolved = unresolved_.end();
  return entry;
}

// A full cache loses the host that has been unresolved for longest: those that a scan leaves behind are the
// first to go, and a real host answers long before its turn comes.
Neighbours::Entry* Neighbours::add_host(std::uint8_t port, std::uint32_t address, std::uint64_t now) {
  if (hosts_ >= max_hosts) {
    if (unresolved_.empty()) return nullptr;
    remove(*find(unresolved_.front()));
    ++counters_.evicted;
  }
  Entry& entry = insert(port, address, now);
  entry.unresolved = unresolved_.insert(unresolved_.end(), key_of(port, address));
  ++hosts_;
  return &entry;
}

void Neighbours::remove(Entry& entry) {
  drop_waiting(entry);
  lose_link_address(entry);
  step_out_of_unresolved(entry);
  if (entry.hop != no_next_hop) {
    key_of_hop_[entry.hop] = 0;
    actions_.retire(entry.hop);
  }
  if (!entry.gateway) --hosts_;
  if (entry.volunteered) --volunteers_;
  entries_.erase(key_of(entry.port, entry.address));
}

// Hosts take an id when they answer for the first time: who never does needs none.
bool Neighbours::set_hop(Entry& entry, const NextHop& hop) {
  if (entry.hop != no_next_hop) {
    hops_.set(entry.hop, hop);
    return true;
  }
  entry.hop = hops_.allocate(hop);
  if (entry.hop == no_next_hop) return false;
  key_of_hop_[entry.hop] = key_of(entry.port, entry.address);
  return true;
}

void Neighbours::lose_link_address(Entry& entry) {
  if (!is_resolved(entry)) return;
  routes_.remove({entry.address, 32});
  hops_.set(entry.hop, {.destination = {}, .port = entry.port, .state = NextHop::State::incomplete});
  entry.state = State::incomplete;
}

void Neighbours::step_out_of_unresolved(Entry& entry) {
  if (entry.unresolved == unresolved_.end()) return;
  unresolved_.erase(entry.unresolved);
  entry.unresolved = unresolved_.end();
}

NextHopId Neighbours::add_gateway(std::uint8_t port, std::uint32_t address) {
  if (find_port(port) == nullptr || is_own_address(address)) return no_next_hop;
  Entry* entry = find(key_of(port, address));
  if (entry == nullptr) {
    entry = &insert(port, address, 0);
    entry->gateway = true;
  } else if (!entry->gateway) {
    step_out_of_unresolved(*entry);
    entry->gateway = true;
    --hosts_;
    if (entry->volunteered) --volunteers_;
    entry->volunteered = false;
  }
  if (entry->hop == no_next_hop &&
      !set_hop(*entry, {.destination = {}, .port = port, .state = NextHop::State::incomplete})) {
    remove(*entry);
    return no_next_hop;
  }
  return entry->hop;
}

void Neighbours::remove_gateway(NextHopId gateway) {
  Entry* entry = gateway < key_of_hop_.size() ? find(key_of_hop_[gateway]) : nullptr;
  if (entry == nullptr || !entry->gateway) return;
  if (!is_resolved(*entry)) return remove(*entry);
  entry->gateway = false;
  ++hosts_;
}

// ---- packets that wait

void Neighbours::wait(const Entry& entry, void* packet) {
  drop_all(waiting_.add(key_of(entry.port, entry.address), packet));
}

void Neighbours::release_waiting(const Entry& entry) {
  for (void* packet : waiting_.take(key_of(entry.port, entry.address))) actions_.release(packet, entry.hop);
}

void Neighbours::drop_waiting(const Entry& entry) {
  drop_all(waiting_.take(key_of(entry.port, entry.address)));
}

void Neighbours::drop_all(const std::vector<void*>& packets) {
  for (void* packet : packets) actions_.drop(packet, DropReason::no_neighbour);
}

void Neighbours::flush() { drop_all(waiting_.take_all()); }

// ---- what comes in

void Neighbours::heard(Entry& entry, const wire::MacAddress& mac, std::uint64_t now) {
  const bool news = !is_resolved(entry) || entry.mac != mac;
  if (news && !set_hop(entry, {.destination = mac, .port = entry.port, .state = NextHop::State::resolved}))
    return remove(entry);
  if (!is_resolved(entry)) {
    step_out_of_unresolved(entry);
    // Without a route (a full table) its packets still go out, by way of on_unresolved.
    static_cast<void>(routes_.add({entry.address, 32}, entry.hop));
  }
  entry.state = State::reachable;
  entry.heard = true;
  entry.mac = mac;
  entry.heard_at = now;
  entry.due_at = now + reachable_nanoseconds;
  entry.asked = 0;
  release_waiting(entry);
}

Neighbours::Entry* Neighbours::find_or_add(NextHopId hop, std::uint32_t destination, std::uint64_t now) {
  if (hop >= key_of_hop_.size()) return nullptr;
  if (key_of_hop_[hop] != 0) return find(key_of_hop_[hop]);
  // The hop of a connected network, or one that was a host's a moment ago.
  const NextHop connected = hops_.get(hop);
  OwnPort* port = connected.state == NextHop::State::free ? nullptr : find_port(connected.port);
  if (port == nullptr) return nullptr;
  Entry* entry = find(key_of(port->port.id, destination));
  if (entry == nullptr && may_be_host(*port, destination)) entry = add_host(port->port.id, destination, now);
  return entry;
}

void Neighbours::on_unresolved(void* packet, NextHopId hop, std::uint32_t destination, std::uint64_t now) {
  Entry* entry = find_or_add(hop, destination, now);
  if (entry == nullptr || entry->state == State::failed)
    return actions_.drop(packet, DropReason::no_neighbour);
  if (is_resolved(*entry)) return actions_.release(packet, entry->hop);
  wait(*entry, packet);
  if (entry->asked == 0) ask(*entry, now);
}

// ---- what is due

void Neighbours::ask(Entry& entry, std::uint64_t now) {
  const OwnPort* port = find_port(entry.port);
  const wire::ArpMessage request{wire::ArpOperation::request, port->port.mac, port->port.address.address,
                                 wire::MacAddress{}, entry.address};
  actions_.send_arp(entry.port, request, entry.state == State::probing ? entry.mac : wire::broadcast_mac);
  ++entry.asked;
  entry.due_at = now + probe_nanoseconds;
}

void Neighbours::ask_anew(Entry& entry, std::uint64_t now) {
  entry.asked = 0;
  ask(entry, now);
}

void Neighbours::give_up(Entry& entry, std::uint64_t now) {
  ++counters_.failed;
  drop_waiting(entry);
  entry.state = State::failed;
  entry.due_at = now + rest_nanoseconds;
}

// False: the entry is to go.
bool Neighbours::step(Entry& entry, std::uint64_t now) {
  switch (entry.state) {
    case State::incomplete:
      entry.asked < probes ? ask(entry, now) : give_up(entry, now);
      return true;
    case State::reachable:
      entry.state = State::probing;
      ask_anew(entry, now);
      return true;
    case State::probing:
      if (entry.asked < probes) {
        ask(entry, now);
        return true;
      }
      if (!entry.gateway) return false;
      lose_link_address(entry);
      ask_anew(entry, now);  // it may have another link address now: everybody is asked
      return true;
    case State::failed:
      if (!entry.gateway) return false;
      entry.state = State::incomplete;
      ask_anew(entry, now);
      return true;
  }
  return true;
}

void Neighbours::tick(std::uint64_t now) {
  announce_due(now);
  std::vector<Key> gone;
  for (auto& [key, entry] : entries_)
    if (now >= entry.due_at && !step(entry, now)) gone.push_back(key);
  for (const Key key : gone) remove(*find(key));
}

std::vector<Neighbours::Row> Neighbours::list(std::uint64_t now) const {
  std::vector<Row> rows;
  rows.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) {
    const std::uint64_t since = entry.heard ? entry.heard_at : entry.began_at;
    rows.push_back({.address = entry.address,
                    .port = entry.port,
                    .mac = entry.heard ? std::optional(entry.mac) : std::nullopt,
                    .state = entry.state,
                    .gateway = entry.gateway,
                    .age_nanoseconds = now > since ? now - since : 0,
                    .waiting = waiting_.count(key)});
  }
  std::ranges::sort(rows, {}, [](const Row& row) { return key_of(row.port, row.address); });
  return rows;
}

}  // namespace espgate::dataplane
