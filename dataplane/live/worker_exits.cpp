// SPDX-License-Identifier: Apache-2.0
// What becomes of packets that left the path: answered, fragmented, handed on, or freed.
#include "dataplane/icmp_reply.h"
#include "dataplane/live/worker.h"
#include "dataplane/sa_table.h"
#include "wire/dhcp.h"
#include "wire/esp.h"
#include "wire/icmp.h"
#include "wire/ppp.h"
#include "wire/udp.h"

namespace espgate::dataplane::live {
namespace {

// Where an outer packet came from and went to, as control wants it.
void describe_outer(const Packet& packet, channel::PacketRecord& record) {
  const auto ip = wire::load_header<wire::Ipv4Header>(packet.outer);
  const std::size_t header_length = (ip.version_ihl & 0x0f) * std::size_t{4};
  const auto udp = wire::load_header<wire::UdpHeader>(packet.outer + header_length);
  const bool has_udp = ip.protocol == wire::ip_protocol_udp;
  record.remote = wire::IpAddress::v4(ip.source.host()).bytes();
  record.local = wire::IpAddress::v4(ip.destination.host()).bytes();
  record.remote_port = has_udp ? udp.source_port.host() : std::uint16_t{0};
  record.local_port = has_udp ? udp.destination_port.host() : std::uint16_t{0};
  record.natt = record.local_port == wire::udp_port_natt;
}

// The UDP header that came inside ESP: behind the SA's IV, where it was decrypted.
wire::UdpHeader inner_udp(const Packet& packet) {
  const auto ip = wire::load_header<wire::Ipv4Header>(packet.outer);
  const std::size_t outer_udp = ip.protocol == wire::ip_protocol_udp ? sizeof(wire::UdpHeader) : 0;
  return wire::load_header<wire::UdpHeader>(packet.outer + (ip.version_ihl & 0x0f) * std::size_t{4} +
                                            outer_udp + sizeof(wire::EspHeader) +
                                            packet.inbound_sa->iv_bytes);
}

// What came inside an SA: whose it is, and between which ports the client speaks L2TP.
void describe_inner(const Packet& packet, channel::PacketRecord& record) {
  const wire::UdpHeader udp = inner_udp(packet);
  record.remote_port = udp.source_port.host();
  record.local_port = udp.destination_port.host();
  record.natt = false;
  record.peer_id = packet.inbound_sa->peer->id;
  record.slot = Spi::slot_of(packet.inbound_sa->spi);
  record.tunnel = static_cast<std::uint16_t>(packet.tunnel_and_session >> 16);
  record.session = static_cast<std::uint16_t>(packet.tunnel_and_session);
}

// What clients ask by DHCP inside their session (RFC 2131 §4.4.3): control answers.
bool is_dhcp_question(const Packet& packet) {
  if (packet.inbound_sa == nullptr || packet.session == nullptr) return false;
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip || ip->protocol() != wire::ip_protocol_udp || ip->is_fragment()) return false;
  const auto udp = wire::UdpDatagram::parse(ip->payload());
  return udp && udp->destination_port() == wire::udp_port_dhcp_server;
}

bool is_outer_ipv4(const Packet& packet) {
  return packet.outer != nullptr && std::to_integer<unsigned>(*packet.outer) >> 4 == 4;
}

}  // namespace

void Worker::settle() {
  stats_.count_exits(burst_);
  queue_live();
  for (Packet& packet : burst_.punted()) settle_punted(packet);
  for (Packet& packet : burst_.dropped()) settle_dropped(packet);
  shared_.pool.release_exits(burst_);
}

void Worker::settle_punted(Packet& packet) {
  switch (burst_.punt_reason(packet)) {
    case Punt::handover:
      return hand_over(packet);
    case Punt::to_client:
      return detour(to_clients_, packet, no_next_hop);
    case Punt::from_inside:
      return detour(from_inside_, packet, no_next_hop);
    case Punt::fragment:
      return split(packet);
    case Punt::echo_request:
      if (turn_into_echo_reply(packet)) answer(packet);
      return;
    case Punt::icmp:
      return on_icmp_from_outside(packet);
    case Punt::neighbour:
      return give_to_manager(packet, Punt::neighbour);
    case Punt::unresolved:
      return give_to_manager(packet, Punt::unresolved);
    case Punt::ike:
      return give_to_control(packet, channel::PacketKind::ike);
    case Punt::l2tp_control:
      return give_to_control(packet, channel::PacketKind::l2tp_control);
    case Punt::ppp_control:
      return give_to_control(packet, channel::PacketKind::ppp_control);
    case Punt::local:
      if (is_dhcp_question(packet)) {
        // As a PPP frame again; its own protocol field may have been a byte shorter, the L2TP header was not.
        packet.data -= sizeof wire::ppp_ipv4;
        packet.length += sizeof wire::ppp_ipv4;
        wire::store_big_endian(packet.data, wire::ppp_ipv4);
        return give_to_control(packet, channel::PacketKind::ppp_control);
      }
      count_drop(DropReason::local_unwanted);
      return explain(packet, DropReason::local_unwanted);
    case Punt::keepalive:
    case Punt::held:
      return;
  }
}

void Worker::settle_dropped(Packet& packet) {
  const DropReason reason = burst_.drop_reason(packet);
  if (reason == DropReason::esp_unknown_spi && is_outer_ipv4(packet)) {
    if (!unknown_spi_bucket_.take(read_cycles())) return;
    describe_outer(packet, record_);
    events_.push({.type = WorkerEvent::Type::unknown_spi,
                  .port = record_.remote_port,
                  .spi = wire::load_big_endian<std::uint32_t>(packet.data),
                  .address = wire::IpAddress(record_.remote).as_v4()});
    rang_ = true;
    return;
  }
  // Behind outer_push the packet is our own, and its source ourselves.
  if (packet.outbound_sa == nullptr || reason != DropReason::no_route) explain(packet, reason);
}

// Tells the source why, where the reason is one that it can act on.
void Worker::explain(Packet& packet, DropReason reason) {
  // Nobody is told of what control says inside an SA: it is no IP packet.
  if (packet.outbound_sa != nullptr && packet.session == nullptr) return;
  const std::uint16_t mtu = packet.outbound_sa != nullptr
                                ? packet.session->limit()
                                : shared_.hops.port(shared_.hops.get(packet.next_hop).port).mtu;
  const auto error = icmp_error_for(reason, mtu);
  if (!error) return;
  if (!icmp_bucket_.take(read_cycles())) {
    ++icmp_withheld_;
    return;
  }
  const std::uint32_t source = shared_.own.inside != 0 ? shared_.own.inside : shared_.own.outside;
  if (turn_into_icmp_error(packet, *error, source)) answer(packet);
}

// A packet of our own, on its way to its destination.
void Worker::answer(Packet& packet) {
  const std::uint32_t destination = wire::load_header<wire::Ipv4Header>(packet.data).destination.host();
  detour(shared_.clients.contains(destination) ? to_clients_ : own_, packet, no_next_hop);
}

void Worker::detour(Detour& where, const Packet& packet, std::uint16_t next_hop) {
  if (where.count == where.buffers.size()) return count_drop(DropReason::punt_full);
  where.buffers[where.count++] = dpdk::detach(burst_, burst_.index_of(packet), {.next_hop = next_hop});
}

// What takes a detour may cause others (a fragment, an ICMP error), but never without end: an ICMP error
// causes none, and a fragment fits.
void Worker::take_detours() {
  while (take_detour(from_inside_, &GatewayPath::from_inside_packet) ||
         take_detour(to_clients_, &GatewayPath::to_clients) || take_detour(own_, &GatewayPath::own_packets)) {
  }
}

bool Worker::take_detour(Detour& detour, void (GatewayPath::*path)(Burst&)) {
  if (detour.count == 0) return false;
  const unsigned count = std::min(detour.count, max_burst);
  burst_.reset(count);
  detour.count -= count;
  for (unsigned i = 0; i < count; ++i) {
    (void)dpdk::adopt(burst_, i, detour.buffers[detour.count + i]);
    burst_[i].ether_type = wire::ether_type_ipv4;
  }
  (path_.*path)(burst_);
  settle();
  return true;
}

void Worker::split(Packet& packet) {
  const bool outbound = packet.outbound_sa != nullptr;
  const std::uint16_t limit =
      outbound ? packet.session->limit() : shared_.hops.port(shared_.hops.get(packet.next_hop).port).mtu;
  fragments_.reset(0);
  const auto count = fragmenter_.split(packet, limit, fragments_, 0);
  if (!count) return count_drop(count.error());
  fragments_.reset(*count);
  Detour& where = outbound ? to_clients_ : own_;
  for (unsigned i = 0; i < *count; ++i) {
    if (where.count == where.buffers.size()) {
      count_drop(DropReason::punt_full);
      continue;
    }
    where.buffers[where.count++] =
        dpdk::detach(fragments_, i, {.next_hop = outbound ? no_next_hop : packet.next_hop});
  }
  shared_.pool.release(fragments_);
}

void Worker::hand_over(const Packet& packet) {
  const bool inbound = packet.inbound_sa != nullptr && packet.outbound_sa == nullptr;
  const unsigned owner = inbound ? packet.inbound_sa->owner : packet.outbound_sa->owner;
  dpdk::BufferNote note{.punt = Punt::handover};
  if (inbound) note.outer_distance = static_cast<std::uint16_t>(packet.data - packet.outer);
  void* buffer = dpdk::detach(burst_, burst_.index_of(packet), note);
  dpdk::BufferRing& ring = inbound ? shared_.fabric.inbound(owner) : shared_.fabric.outbound(owner);
  if (ring.push({&buffer, 1}) == 1) return;
  count_drop(DropReason::handover_full);
  dpdk::release(buffer);
}

void Worker::give_to_manager(const Packet& packet, Punt why) {
  const unsigned index = burst_.index_of(packet);
  void* buffer = dpdk::detach(
      burst_, index,
      {.punt = why, .port = dpdk::ingress_port(burst_.buffer(index)), .next_hop = packet.next_hop});
  rang_ = true;
  if (shared_.fabric.to_manager().push({&buffer, 1}) == 1) return;
  count_drop(DropReason::punt_full);
  dpdk::release(buffer);
}

void Worker::give_to_control(const Packet& packet, channel::PacketKind kind) {
  if (!is_outer_ipv4(packet)) return count_drop(DropReason::local_unwanted);
  describe_outer(packet, record_);
  record_.kind = kind;
  record_.tunnel = record_.session = 0;
  record_.peer_id = record_.slot = 0;
  if (kind != channel::PacketKind::ike) {
    describe_inner(packet, record_);
    packet.inbound_sa->peer->l2tp_port.store(record_.remote_port, std::memory_order_relaxed);
  }
  if (!shared_.control.send_packet(index_, record_, packet.bytes())) count_drop(DropReason::punt_full);
}

// `data` at the outer IP header: an echo request for us is answered, what may be about our own packets' size
// goes to the manager, the rest is nobody's.
void Worker::on_icmp_from_outside(Packet& packet) {
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip || ip->destination() != shared_.own.outside) return count_drop(DropReason::local_unwanted);
  packet.length = static_cast<std::uint32_t>(ip->total_length());
  const auto icmp = wire::IcmpMessage::parse(ip->payload());
  if (icmp && icmp->is_fragmentation_needed()) return give_to_manager(packet, Punt::icmp);
  if (icmp && icmp->type() == wire::icmp_echo_request && icmp_bucket_.take(read_cycles()) &&
      turn_into_echo_reply(packet))
    return answer(packet);
  count_drop(DropReason::local_unwanted);
}

}  // namespace espgate::dataplane::live
