// SPDX-License-Identifier: Apache-2.0
// Packets that come to the manager, and those that it sends.
#include "dataplane/icmp_reply.h"
#include "dataplane/live/inner_datagram.h"
#include "dataplane/live/manager.h"
#include "dataplane/path_mtu.h"
#include "dataplane/run_stage.h"
#include "dataplane/stages/link_push.h"
#include "dataplane/stages/own_route.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "wire/esp.h"
#include "wire/ip_address.h"
#include "wire/udp.h"

#include <algorithm>

namespace espgate::dataplane::live {
namespace {

constexpr std::uint16_t frame_headroom = 128;

}  // namespace

unsigned Manager::take_packets() {
  std::array<void*, max_burst> buffers;
  const unsigned count = gateway_.fabric->to_manager().pop(buffers);
  for (unsigned i = 0; i < count; ++i) {
    burst_.reset(1);
    const dpdk::BufferNote note = dpdk::adopt(burst_, 0, buffers[i]);
    Packet& packet = burst_[0];
    if (note.punt == Punt::neighbour) on_neighbour(packet, note.port);
    if (note.punt == Punt::icmp) on_icmp(packet);
    if (note.punt == Punt::unresolved) on_unresolved(burst_);
    gateway_.pool->release(burst_);
  }
  return count;
}

void Manager::on_neighbour(Packet& packet, std::uint8_t port) {
  if (const auto message = wire::ArpMessage::parse(packet.bytes()); message)
    neighbours_.on_arp(port, *message, now_nanoseconds());
}

void Manager::on_unresolved(Burst& burst) {
  const NextHopId hop = burst[0].next_hop;
  const std::uint32_t destination = wire::load_header<wire::Ipv4Header>(burst[0].data).destination.host();
  neighbours_.on_unresolved(dpdk::detach(burst, 0, {.next_hop = hop}), hop, destination, now_nanoseconds());
}

void Manager::on_icmp(const Packet& packet) {
  const auto path = parse_path_mtu(packet.bytes(), gateway_.config.outside.address.address);
  if (!path || !gateway_.installation->lower_path_mtu(*path, now_nanoseconds())) return;
  log_("info", "the path to " + wire::IpAddress::v4(path->destination).to_string() +
                   " carries outer packets of " + std::to_string(path->mtu) + " bytes");
}

// To the owner of the port's first transmit queue.
void Manager::send_frame(std::uint8_t port, void* buffer) {
  if (gateway_.fabric->tx(port, 0).push({&buffer, 1}) == 1) return;
  drop(buffer, DropReason::tx_full);
}

// The burst's only packet, an IP packet of ours: its link header, and out.
void Manager::send_packet(Burst& burst) {
  own_route(burst, *gateway_.routes);
  run_stage(Stage::link_push, burst, gateway_.manager_stats, [&] { link_push(burst, gateway_.hops); });
  gateway_.manager_stats.count_exits(burst);
  if (burst.is_live(0)) {
    const std::uint8_t port = gateway_.hops.get(burst[0].next_hop).port;
    send_frame(port, dpdk::detach(burst, 0, {.port = port}));
  } else if (!burst.is_dropped(0)) {
    on_unresolved(burst);
  }
}

void Manager::send_arp(std::uint8_t port, const wire::ArpMessage& message,
                       const wire::MacAddress& destination) {
  // A smallest frame, so that what lies behind the message is zeros and not an old packet.
  constexpr std::uint32_t length = 60;
  Burst burst;
  burst.reset(1);
  if (!gateway_.pool->attach(burst, 0, length, frame_headroom))
    return count_drop(DropReason::buffer_shortage);
  const wire::MutableBytes frame = burst[0].bytes();
  std::fill(frame.begin(), frame.end(), std::byte{0});
  const std::size_t link = wire::build(
      frame, {.destination = destination, .source = message.sender_mac, .ether_type = wire::ether_type_arp});
  wire::build_arp(frame.subspan(link), message);
  send_frame(port, dpdk::detach(burst, 0, {.port = port}));
}

void Manager::release(void* packet, NextHopId hop) {
  Burst burst;
  burst.reset(1);
  (void)dpdk::adopt(burst, 0, packet);
  burst[0].next_hop = hop;
  run_stage(Stage::link_push, burst, gateway_.manager_stats, [&] { link_push(burst, gateway_.hops); });
  gateway_.manager_stats.count_exits(burst);
  if (burst.is_live(0)) {
    const std::uint8_t port = gateway_.hops.get(hop).port;
    send_frame(port, dpdk::detach(burst, 0, {.port = port}));
  }
  gateway_.pool->release(burst);
}

void Manager::drop(void* packet, DropReason reason) {
  count_drop(reason);
  Burst burst;
  burst.reset(1);
  (void)dpdk::adopt(burst, 0, packet);
  if (reason == DropReason::no_neighbour) explain(burst, reason);
  gateway_.pool->release(burst);
}

// Tells the source of the burst's only packet, an IP packet. A client's goes to the worker that encrypts for
// it; another only if its next hop is known, since the neighbours, who call this, must not be asked
// meanwhile.
void Manager::explain(Burst& burst, DropReason reason) {
  const OwnAddresses& own = gateway_.shared->own;
  Packet& packet = burst[0];
  const auto error = icmp_error_for(reason, 0);
  const std::uint32_t to = wire::load_header<wire::Ipv4Header>(packet.data).source.host();
  if (!error || own.contains(to) || !icmp_bucket_.take(now_nanoseconds()) ||
      !turn_into_icmp_error(packet, *error, own.inside))
    return;
  if (!gateway_.clients->contains(to)) {
    own_route(burst, *gateway_.routes);
    if (burst.is_live(0) && gateway_.hops.get(packet.next_hop).state == NextHop::State::resolved)
      send_packet(burst);
    return;
  }
  const OutboundSa* sa = gateway_.clients->find(to).sa;
  if (sa == nullptr) return;
  void* buffer = dpdk::detach(burst, 0, {});
  if (gateway_.fabric->outbound(sa->owner).push({&buffer, 1}) == 0) dpdk::release(buffer);
}

void Manager::retire(NextHopId hop) {
  gateway_.rcu->synchronize();
  gateway_.hops.release(hop);
}

void Manager::on_control_packet(const channel::PacketRecord& record) {
  switch (record.kind) {
    case channel::PacketKind::ike:
      return send_ike(record);
    case channel::PacketKind::l2tp_control:
    case channel::PacketKind::ppp_control:
      return send_inside_sa(record);
  }
  count_drop(DropReason::local_unwanted);
}

// To the worker that owns the SA, which looks once more whether the SA is still there.
void Manager::send_inside_sa(const channel::PacketRecord& record) {
  const auto datagram = InnerDatagram::plan(*gateway_.installation, record);
  if (!datagram) return count_drop(datagram.error());
  burst_.reset(1);
  if (!gateway_.pool->attach(burst_, 0, static_cast<std::uint32_t>(datagram->bytes()), outbound_headroom))
    return count_drop(DropReason::buffer_shortage);
  datagram->write(burst_[0].bytes());
  void* buffer = dpdk::detach(burst_, 0, {});
  if (gateway_.fabric->control(datagram->owner()).push({&buffer, 1}) == 1) return;
  count_drop(DropReason::handover_full);
  dpdk::release(buffer);
}

// IKE, on UDP 500 or behind a non-ESP marker on 4500 (RFC 3948 §2.2).
void Manager::send_ike(const channel::PacketRecord& record) {
  const wire::IpAddress remote(record.remote);
  if (!remote.is_v4() || record.length > record.bytes.size()) return count_drop(DropReason::local_unwanted);
  const std::size_t marker = record.natt ? 4 : 0;
  const std::size_t payload = marker + record.length;
  const std::size_t total = sizeof(wire::Ipv4Header) + sizeof(wire::UdpHeader) + payload;
  burst_.reset(1);
  if (!gateway_.pool->attach(burst_, 0, static_cast<std::uint32_t>(total), frame_headroom))
    return count_drop(DropReason::buffer_shortage);
  Packet& packet = burst_[0];
  packet.next_hop = no_next_hop;
  const wire::MutableBytes bytes = packet.bytes();
  std::size_t at = wire::build_ipv4(bytes, {.total_length = total,
                                            .protocol = wire::ip_protocol_udp,
                                            .source = gateway_.config.outside.address.address,
                                            .destination = remote.as_v4()});
  at += wire::build_udp(
      bytes.subspan(at),
      {.source_port = record.local_port, .destination_port = record.remote_port, .payload_length = payload});
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), marker, std::byte{0});
  std::copy_n(record.bytes.begin(), record.length, bytes.begin() + static_cast<std::ptrdiff_t>(at + marker));
  send_packet(burst_);
  gateway_.pool->release(burst_);
}

}  // namespace espgate::dataplane::live
