// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/trace_facts.h"

#include "dataplane/sa.h"
#include "dataplane/session.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

namespace espgate::dataplane::live {
namespace {

// The flow of an IPv4 packet, as far as its bytes go.
void read_flow(wire::Bytes bytes, TraceFlow& flow) {
  if (bytes.size() < sizeof(wire::Ipv4Header)) return;
  const auto ip = wire::load_header<wire::Ipv4Header>(bytes.data());
  if (ip.version_ihl >> 4 != 4) return;
  flow = {.source = ip.source.host(), .destination = ip.destination.host(), .protocol = ip.protocol};
  const std::size_t header_length = (ip.version_ihl & 0x0f) * std::size_t{4};
  const bool has_ports = ip.protocol == wire::ip_protocol_udp || ip.protocol == wire::ip_protocol_tcp;
  const bool first = (ip.flags_fragment.host() & wire::ipv4_fragment_mask) == 0;
  if (!has_ports || !first || header_length < sizeof ip || bytes.size() < header_length + 4) return;
  flow.source_port = wire::load_big_endian<std::uint16_t>(bytes.data() + header_length);
  flow.destination_port = wire::load_big_endian<std::uint16_t>(bytes.data() + header_length + 2);
}

// `outer` and `data` lie in one buffer.
void read_outer(const Packet& packet, TraceRecord& record) {
  if (packet.outer == nullptr || packet.outer > packet.data) return;
  read_flow({packet.outer, packet.data + packet.length}, record.outer);
}

void read_esp(const Packet& packet, TraceRecord& record) {
  if (packet.length < sizeof(wire::EspHeader)) return;
  const auto esp = wire::load_header<wire::EspHeader>(packet.data);
  record.spi = esp.spi.host();
  record.sequence = esp.sequence.host();
}

void take_peer(const Peer& peer, TraceRecord& record) {
  record.peer_id = peer.id;
  record.peer_address = peer.remote.load(std::memory_order_relaxed).address;
}

void learn_session(const Packet& packet, TraceRecord& record) {
  record.tunnel_and_session = packet.session->tunnel_and_session;
  record.spi = packet.outbound_sa->spi;
  take_peer(*packet.session->peer, record);
}

}  // namespace

void learn_facts(Stage stage, const Packet& packet, bool live, TraceRecord& record) noexcept {
  const bool ipv4 = packet.ether_type == wire::ether_type_ipv4;
  switch (stage) {
    case Stage::link_pull:
      if (ipv4)
        read_flow(packet.bytes(), record.start == TraceRecord::Start::inside ? record.inner : record.outer);
      return;
    case Stage::classify:
      return read_outer(packet, record);
    case Stage::sa_lookup:
      read_outer(packet, record);
      read_esp(packet, record);
      if (live && packet.inbound_sa->peer != nullptr) take_peer(*packet.inbound_sa->peer, record);
      return;
    case Stage::replay_check:
      record.sequence = packet.sequence;
      return;
    case Stage::l2tp_pull:
      record.tunnel_and_session = packet.tunnel_and_session;
      return;
    case Stage::session_lookup:
      read_flow(packet.bytes(), record.inner);
      if (live) learn_session(packet, record);
      return;
    case Stage::control_push:
      if (live) record.spi = packet.outbound_sa->spi;
      return;
    case Stage::ip_input:
    case Stage::inside_input:
      if (ipv4) read_flow(packet.bytes(), record.inner);
      return;
    case Stage::ip_forward:
      read_flow(packet.bytes(), record.inner);
      record.next_hop = packet.next_hop;
      return;
    case Stage::esp_push:
      if (live) record.sequence = packet.sequence;
      return;
    case Stage::outer_push:
      return read_flow(packet.bytes(), record.outer);
    case Stage::outer_route:
    case Stage::link_push:
      record.next_hop = packet.next_hop;
      // What the manager sends is seen at this stage only.
      if (live && record.start == TraceRecord::Start::manager)
        read_flow(packet.bytes().subspan(sizeof(wire::EthernetHeader)), record.outer);
      return;
    default:
      return;
  }
}

}  // namespace espgate::dataplane::live
