// SPDX-License-Identifier: Apache-2.0
#include "client/data_path.h"

#include "dataplane/stages/esp_decrypt.h"
#include "dataplane/stages/esp_encrypt.h"
#include "dataplane/stages/esp_push.h"
#include "dataplane/stages/esp_verify.h"
#include "dataplane/stages/l2tp_pull.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "dataplane/stages/ppp_pull.h"
#include "dataplane/stages/replay_check.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace espgate::client {
namespace {

using dataplane::Burst;
using dataplane::DropReason;
using dataplane::Packet;
using dataplane::Punt;

// The gateway's classify and sa_lookup in one: the kernel has taken IP and UDP off, and SPIs are few.
void classify(Burst& burst, Packet& packet, const Tunnel& tunnel) {
  switch (wire::classify_natt(packet.bytes())) {
    case wire::NattKind::keepalive:
      return burst.punt(packet, Punt::keepalive);
    case wire::NattKind::ike:
      packet.pull(wire::natt_marker_length);
      return burst.punt(packet, Punt::ike);
    case wire::NattKind::malformed:
      return burst.drop(packet, DropReason::natt_malformed);
    case wire::NattKind::esp:
      packet.inbound_sa = tunnel.find_inbound(wire::load_big_endian<std::uint32_t>(packet.data));
      if (packet.inbound_sa == nullptr) burst.drop(packet, DropReason::esp_unknown_spi);
      return;
  }
}

// The gateway's ip_input holds the source against the session; a client takes what the gateway forwards, and
// its kernel looks at the destination.
void check_inner(Burst& burst, Packet& packet) {
  // IPV6CP is never open.
  if (packet.ether_type != wire::ether_type_ipv4) return burst.drop(packet, DropReason::session_closed);
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip) return burst.drop(packet, DropReason::inner_ip_malformed);
  packet.length = static_cast<std::uint32_t>(ip->total_length());
}

}  // namespace

void DataPath::encapsulate(Burst& burst) {
  const bool open = tunnel_->is_open();
  for (Packet& packet : burst.live()) {
    inner_bytes_[burst.index_of(packet)] = packet.length;
    packet.session = &tunnel_->session();
    packet.outbound_sa = &tunnel_->outbound();
    if (!open) burst.drop(packet, DropReason::no_session);
  }
  ppp_l2tp_push(burst);
  esp_push(burst);
  esp_encrypt(burst, jobs_, engine_);
}

void DataPath::encapsulate_control(Burst& burst) {
  for (Packet& packet : burst.live()) {
    packet.outbound_sa = &tunnel_->outbound();
    if (!tunnel_->has_outbound()) burst.drop(packet, DropReason::control_no_sa);
  }
  esp_push(burst);
  esp_encrypt(burst, jobs_, engine_);
}

void DataPath::decapsulate(Burst& burst) {
  for (Packet& packet : burst.live()) classify(burst, packet, *tunnel_);
  replay_check(burst);
  esp_decrypt(burst, jobs_, engine_);
  esp_verify(burst, jobs_);
  l2tp_pull(burst);
  ppp_pull(burst);
  for (Packet& packet : burst.live()) check_inner(burst, packet);
}

void DataPath::count_sent(Burst& burst) {
  for (const Packet& packet : burst.live()) {
    ++sent_.packets;
    sent_.bytes += inner_bytes_[burst.index_of(packet)];
  }
  stats_.count_exits(burst);
}

void DataPath::count_received(Burst& burst) {
  for (const Packet& packet : burst.live()) {
    ++received_.packets;
    received_.bytes += packet.length;
  }
  stats_.count_exits(burst);
}

}  // namespace espgate::client
