// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspection.h"

#include "wire/ethernet.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

constexpr std::size_t max_clear_flows = 4096;

constexpr std::uint16_t lowest_ether_type = 0x0600;  // below, it is a length: IEEE 802.3

std::string ether_type_name(std::uint16_t ether_type) {
  if (ether_type != 0 && ether_type < lowest_ether_type) return "ieee 802.3";
  switch (ether_type) {
    case 0:
      return "no network layer";
    case wire::ether_type_arp:
      return "arp";
    case wire::ether_type_ipv4:
    case wire::ether_type_ipv6:
      return "broken IP header";
    default:
      return fmt::format("ethertype 0x{:04x}", ether_type);
  }
}

std::string other_name(const Flow& flow) {
  if (flow.source.address.is_v4()) return protocol_name(flow.protocol);
  switch (flow.protocol) {
    case 0:  // what follows is nearly always a multicast listener report, RFC 3810 §5
      return "ipv6 hop-by-hop";
    case 44:
      return "ipv6 fragment";
    default:
      return protocol_name(flow.protocol);
  }
}

}  // namespace

void Inspection::add(const SourceFrame& frame) {
  if (totals_.frames++ == 0) totals_.first_nanoseconds = frame.nanoseconds;
  totals_.last_nanoseconds = std::max(totals_.last_nanoseconds, frame.nanoseconds);
  if (frame.cut) ++totals_.cut;
  if (const auto packet = reader_.read(frame)) {
    add_packet(*packet, frame.nanoseconds);
  } else {
    other_[ether_type_name(frame.ether_type)].add(frame.packet.size());
  }
}

void Inspection::add_packet(const OuterPacket& packet, std::uint64_t nanoseconds) {
  if (packet.fragment && packet.kind != OuterKind::later_fragment && packet.kind != OuterKind::esp)
    esp_.add_foreign_first_fragment(packet);
  switch (packet.kind) {
    case OuterKind::esp:
    case OuterKind::ike:
    case OuterKind::keepalive:
      return add_to_peer(packet, nanoseconds);
    case OuterKind::natt_malformed:
      if (totals_.natt_malformed++ == 0) totals_.first_natt_malformed_frame = frame();
      return;
    case OuterKind::clear_l2tp:
      return add_clear_l2tp(packet);
    case OuterKind::later_fragment:
      return add_later_fragment(packet);
    case OuterKind::other:
      other_[other_name(packet.flow)].add(packet.length);
      return;
  }
}

void Inspection::add_to_peer(const OuterPacket& packet, std::uint64_t nanoseconds) {
  if (packet.kind == OuterKind::keepalive) ++totals_.keepalives;
  const auto path = peers_.path_of(packet.flow, frame());
  if (!path) {
    ++totals_.not_followed;
  } else if (packet.kind == OuterKind::esp) {
    esp_.add(packet, *path, frame(), nanoseconds, peers_);
  } else if (packet.kind == OuterKind::keepalive) {
    PeerPath& seen = peers_.path(*path);
    ++seen.keepalives[packet.flow.source == seen.first ? 0 : 1];
  } else {
    peers_.unite(*path, ike_.add({.flow = packet.flow,
                                  .bytes = packet.payload,
                                  .complete = packet.complete,
                                  .frame = frame(),
                                  .path = *path}));
  }
}

void Inspection::add_later_fragment(const OuterPacket& packet) {
  ++totals_.later_fragments;
  if (!esp_.add_later_fragment(packet)) ++totals_.orphan_fragments;
}

void Inspection::add_clear_l2tp(const OuterPacket& packet) {
  const ClearL2tpFlow key{packet.flow.source, packet.flow.destination};
  if (clear_l2tp_.size() == max_clear_flows && !clear_l2tp_.contains(key)) {
    ++totals_.not_followed;
    return;
  }
  ClearL2tp& flow = clear_l2tp_[key];
  if (flow.first_frame == 0) flow.first_frame = frame();
  flow.tally.add(packet.length);
}

}  // namespace espgate::replay
