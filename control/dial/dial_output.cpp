// SPDX-License-Identifier: Apache-2.0
// What a line says to the data plane, to the client and to the log.
#include "control/dial/dial_service.h"

#include <algorithm>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t l2tp_port = 1701;

}  // namespace

void DialService::put_session(const Caller& caller, const Line& line, bool open) {
  channel::SessionUpdate update = {};
  update.peer_id = caller.peer_id;
  update.tunnel = line.ids.tunnel;
  update.session = line.ids.session;
  update.peer_tunnel = line.ids.peer_tunnel;
  update.peer_session = line.ids.peer_session;
  update.source_port = l2tp_port;
  update.destination_port = line.remote_port;
  if (open) update.inner = wire::IpAddress::v4(line.address).bytes();
  update.outbound_slot = outbound_slot(caller);
  update.mru = line.link.mru == 0 ? ppp_.mru : line.link.mru;
  update.open = open;
  update.address_control = !line.link.acfc;
  update.compress_protocol = line.link.pfc;
  update.length_field = false;
  update.sequencing = line.sequencing;
  update.rate_from_client_kbit = line.admission.terms.rate_from_client_kbit;
  update.rate_to_client_kbit = line.admission.terms.rate_to_client_kbit;
  environment_.gateway.put_session(update);
}

std::uint32_t DialService::outbound_slot(const Caller& caller) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  const ike::SaPair* pair = peer == nullptr ? nullptr : peer->live_pair();
  if (pair != nullptr) return pair->slot;
  if (peer == nullptr || peer->pairs.empty()) return 0;
  // The client may talk before its third message has come. On a pair that it has deleted nothing is sent.
  const ike::SaPair& last = *peer->pairs.back();
  return last.state == ike::SaPair::State::leaving ? 0 : last.slot;
}

void DialService::send_l2tp(const Caller& caller, const l2tp::SendControl& message) {
  channel::ControlEnd* dataplane = environment_.dataplane();
  if (dataplane == nullptr) return;
  channel::PacketRecord header;
  header.kind = channel::PacketKind::l2tp_control;
  header.peer_id = caller.peer_id;
  const std::uint32_t newest = outbound_slot(caller);
  header.slot = newest == 0 ? message.slot : newest;
  header.remote_port = message.remote_port;
  // Lost like a packet on the wire: L2TP says it again.
  (void)dataplane->send_packet(header, message.bytes);
}

void DialService::send_ppp(const Caller& caller, const Line& line, std::span<const std::byte> frame) {
  channel::ControlEnd* dataplane = environment_.dataplane();
  if (dataplane == nullptr) return;
  channel::PacketRecord header;
  header.kind = channel::PacketKind::ppp_control;
  header.peer_id = caller.peer_id;
  header.slot = outbound_slot(caller);
  header.tunnel = line.ids.tunnel;
  header.session = line.ids.session;
  (void)dataplane->send_packet(header, frame);
}

void DialService::log(const Caller& caller, spdlog::level::level_enum level, Area area,
                      std::string_view text) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  environment_.log.write({.area = area,
                          .level = level,
                          .remote = peer == nullptr ? ike::Endpoint{} : peer->path.remote,
                          .peer_id = caller.peer_id,
                          .text = text},
                         Clock::now());
}

void DialService::note(const Caller& caller, bool good, std::string_view what, std::string text,
                       std::string_view user) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  if (peer == nullptr) return;
  environment_.journal.add({.when = Clock::now(),
                            .remote = peer->path.remote,
                            .good = good,
                            .exchange = std::string(what),
                            .text = std::move(text),
                            .user = ppp::printable(user)});
}

wire::IpAddress DialService::address_of(const Caller& caller) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  return peer == nullptr ? wire::IpAddress() : peer->path.remote.address;
}

void DialService::read_meter(Caller& caller) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  const channel::ControlEnd* dataplane = environment_.dataplane();
  if (peer != nullptr && dataplane != nullptr) caller.meter.read(*peer, dataplane->progress());
}

Traffic DialService::traffic_of(std::uint32_t peer_id, const Line& line) {
  if (line.since == ppp::TimePoint{}) return {};
  Caller& caller = callers_.at(peer_id);
  read_meter(caller);
  return caller.meter.total() - line.before;
}

// Traffic is life: the data plane's counters tell of it.
ppp::TimePoint DialService::last_heard(Caller& caller) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  const channel::ControlEnd* dataplane = environment_.dataplane();
  if (peer == nullptr || dataplane == nullptr) return caller.heard;
  std::uint64_t counted = 0;
  for (const auto& pair : peer->pairs) {
    if (pair->slot < dataplane->progress().size())
      counted += dataplane->progress()[pair->slot].inbound_highest.load(std::memory_order_relaxed);
  }
  if (counted != caller.counted) caller.heard = Clock::now();
  caller.counted = counted;
  return std::max(caller.heard, peer->heard);
}

}  // namespace espgate::control
