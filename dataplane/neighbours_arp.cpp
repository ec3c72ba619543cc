// SPDX-License-Identifier: Apache-2.0
// What Neighbours says and believes on its links: ARP (RFC 826), announcements and conflicts (RFC 5227).
#include "dataplane/neighbours.h"

#include <algorithm>

namespace espgate::dataplane {
namespace {

constexpr std::uint64_t announce_interval = 2 * Neighbours::second;  // RFC 5227 §1.1, ANNOUNCE_INTERVAL
constexpr std::uint64_t defend_interval = 10 * Neighbours::second;   // DEFEND_INTERVAL

// Spoofed requests must not take all places from hosts that packets go to.
constexpr unsigned max_volunteers = Neighbours::max_hosts / 2;

bool is_one_host(const wire::MacAddress& mac) { return !mac.is_multicast() && mac != wire::MacAddress{}; }

bool asks_for(const wire::ArpMessage& message, std::uint32_t own) {
  return message.operation == wire::ArpOperation::request && message.target_ip == own && own != 0;
}

bool is_broadcast(const wire::Ipv4Prefix& network, std::uint32_t address) {
  return network.length < 31 && network.contains(address) && (address | network.mask()) == 0xffff'ffff;
}

bool is_network(const wire::Ipv4Prefix& network, std::uint32_t address) {
  return network.length < 31 && network.contains(address) && (address & ~network.mask()) == 0;
}

}  // namespace

NextHopId Neighbours::add_port(const Port& port) {
  if (OwnPort* known = find_port(port.id); known != nullptr) {
    known->port = port;
    return known->glean;
  }
  const NextHopId glean =
      hops_.allocate({.destination = {}, .port = port.id, .state = NextHop::State::glean});
  if (glean != no_next_hop) ports_.push_back({.port = port, .glean = glean});
  return glean;
}

Neighbours::OwnPort* Neighbours::find_port(std::uint8_t port) {
  const auto at = std::ranges::find_if(ports_, [&](const OwnPort& own) { return own.port.id == port; });
  return at == ports_.end() ? nullptr : &*at;
}

bool Neighbours::is_own_address(std::uint32_t address) const {
  return address != 0 &&
         std::ranges::any_of(ports_, [&](const OwnPort& own) { return own.port.address.address == address; });
}

bool Neighbours::is_own_mac(const wire::MacAddress& mac) const {
  return std::ranges::any_of(ports_, [&](const OwnPort& own) { return own.port.mac == mac; });
}

bool Neighbours::may_be_host(const OwnPort& port, std::uint32_t address) const {
  const wire::Ipv4Prefix& network = port.port.address;
  return network.address != 0 && network.contains(address) && !is_own_address(address) &&
         !is_broadcast(network, address) && !is_network(network, address);
}

void Neighbours::on_arp(std::uint8_t port, const wire::ArpMessage& message, std::uint64_t now) {
  OwnPort* own = find_port(port);
  if (own == nullptr || is_own_mac(message.sender_mac)) return;
  if (!is_one_host(message.sender_mac)) {
    ++counters_.ignored;
    return;
  }
  if (is_own_address(message.sender_ip)) return on_conflict(*own, message.sender_ip, now);
  if (asks_for(message, own->port.address.address))
    actions_.send_arp(port, wire::arp_reply_to(message, own->port.mac), message.sender_mac);
  // A probe (RFC 5227 §2.1.1) says nothing of its sender yet.
  if (message.sender_ip != 0) learn(*own, message, now);
}

void Neighbours::learn(OwnPort& port, const wire::ArpMessage& message, std::uint64_t now) {
  Entry* entry = find(key_of(port.port.id, message.sender_ip));
  if (entry == nullptr) {
    // Who asks for us is about to talk to us. Everything else that we did not ask for is hearsay.
    if (asks_for(message, port.port.address.address) && may_be_host(port, message.sender_ip) &&
        volunteers_ < max_volunteers)
      entry = add_host(port.port.id, message.sender_ip, now);
    if (entry == nullptr) {
      ++counters_.ignored;
      return;
    }
    entry->volunteered = true;
    ++volunteers_;
  }
  heard(*entry, message.sender_mac, now);
}

// RFC 5227 §2.4 (b): the address stays ours; we say so once, and not again for a while, so that two who think
// the same don't fill the link.
void Neighbours::on_conflict(OwnPort& port, std::uint32_t claimed, std::uint64_t now) {
  ++counters_.conflicts;
  if (claimed != port.port.address.address) return;  // another port's; nobody here can believe it
  if (port.defended_at != 0 && now - port.defended_at < defend_interval) return;
  port.defended_at = now;
  send_announcement(port);
}

void Neighbours::announce(std::uint8_t port, std::uint64_t now) {
  OwnPort* own = find_port(port);
  if (own == nullptr) return;
  send_announcement(*own);
  own->announce_at = now + announce_interval;
}

void Neighbours::announce(std::uint64_t now) {
  for (const OwnPort& port : ports_) announce(port.port.id, now);
}

void Neighbours::send_announcement(const OwnPort& port) {
  const std::uint32_t address = port.port.address.address;
  actions_.send_arp(port.port.id,
                    {wire::ArpOperation::request, port.port.mac, address, wire::MacAddress{}, address},
                    wire::broadcast_mac);
}

void Neighbours::announce_due(std::uint64_t now) {
  for (OwnPort& port : ports_) {
    if (port.announce_at == 0 || now < port.announce_at) continue;
    port.announce_at = 0;
    send_announcement(port);
  }
}

}  // namespace espgate::dataplane
