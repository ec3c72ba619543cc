// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/esp_verify.h"

#include "dataplane/sa.h"
#include "dataplane/stages/replay_check.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

namespace espgate::dataplane {
namespace {

// Marks the sequence number as seen; whether the packet may go on.
bool commit(Burst& burst, const Packet& packet, InboundSa& sa) {
  const auto verdict = sa.window.commit(packet.sequence);
  if (verdict == ReplayWindow::Verdict::fresh) [[likely]]
    return true;
  if (sa.ignore_replay) {
    sa.window.mark(packet.sequence);
    return true;
  }
  burst.drop(packet, replay_drop_reason(verdict));
  return false;
}

bool is_l2tp_port(const wire::UdpDatagram& udp, L2tpPort which) {
  switch (which) {
    case L2tpPort::destination:
      return udp.destination_port() == wire::udp_port_l2tp;
    case L2tpPort::source:
      return udp.source_port() == wire::udp_port_l2tp;
    case L2tpPort::either:
      return udp.destination_port() == wire::udp_port_l2tp || udp.source_port() == wire::udp_port_l2tp;
  }
  return false;
}

// Transport mode: UDP with our side on 1701. The checksum is not looked at: NAT makes it wrong, and the ICV
// has covered the packet already (RFC 3948 §3.1.2).
void pull_udp(Burst& burst, Packet& packet, const InboundSa& sa) {
  const auto udp = wire::UdpDatagram::parse(packet.bytes());
  if (!udp || sa.encapsulation == Encapsulation::ip_tunnel || !is_l2tp_port(*udp, sa.l2tp_port))
    return burst.drop(packet, DropReason::selector_mismatch);
  packet.data += sizeof(wire::UdpHeader);
  packet.length = static_cast<std::uint32_t>(udp->payload().size());
  packet.ether_type = 0;
}

// Tunnel mode, for captures only: a gateway has no address yet that it could hold the inner source against.
void pull_tunnel(Burst& burst, Packet& packet, const InboundSa& sa, std::uint16_t ether_type) {
  if (sa.encapsulation == Encapsulation::l2tp || !sa.observed)
    return burst.drop(packet, DropReason::selector_mismatch);
  packet.session = nullptr;
  packet.tunnel_and_session = 0;
  packet.ether_type = ether_type;
}

void pull_payload(Burst& burst, Packet& packet, const InboundSa& sa, std::uint8_t next_header) {
  switch (next_header) {
    case wire::ip_protocol_udp:
      return pull_udp(burst, packet, sa);
    case wire::ip_protocol_ipv4:
      return pull_tunnel(burst, packet, sa, wire::ether_type_ipv4);
    case wire::ip_protocol_ipv6:
      return pull_tunnel(burst, packet, sa, wire::ether_type_ipv6);
    case wire::esp_next_header_dummy:
      return burst.drop(packet, DropReason::esp_dummy);
    default:
      return burst.drop(packet, DropReason::selector_mismatch);
  }
}

}  // namespace

void esp_verify(Burst& burst, const JobBatch& batch) {
  const crypto::Job* job = batch.jobs.data();
  for (Packet& packet : burst.live()) {
    if (!(job++)->ok) {
      burst.drop(packet, DropReason::esp_bad_icv);
      continue;
    }
    InboundSa& sa = *packet.inbound_sa;
    if (!commit(burst, packet, sa)) continue;
    packet.pull(sizeof(wire::EspHeader) + sa.iv_bytes);
    packet.length -= sa.icv_bytes;
    const auto plain = wire::parse_esp_trailer(packet.bytes(), wire::PadCheck::monotonic);
    if (!plain) {
      burst.drop(packet, DropReason::esp_bad_padding);
      continue;
    }
    packet.length = static_cast<std::uint32_t>(plain->payload.size());
    ++sa.counters.packets;
    sa.counters.bytes += packet.length;
    pull_payload(burst, packet, sa, plain->next_header);
  }
}

}  // namespace espgate::dataplane
