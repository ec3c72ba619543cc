// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/lns.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::control::l2tp {

using wire::L2tpMessageType;

namespace {

// Messages that concern one call (RFC 2661 §3.2).
bool is_of_session(L2tpMessageType type) {
  using enum L2tpMessageType;
  switch (type) {
    case ocrq:
    case ocrp:
    case occn:
    case icrq:
    case icrp:
    case iccn:
    case cdn:
    case wen:
    case sli:
      return true;
    default:
      return false;
  }
}

}  // namespace

Lns::Lns(const Settings& settings, Environment environment)
    : settings_(settings), environment_(std::move(environment)) {}

Tunnel* Lns::find_tunnel(std::uint16_t id) {
  const auto found = tunnels_.find(id);
  return found == tunnels_.end() ? nullptr : &found->second;
}

// A client may use an id again before the tunnel that had it is forgotten: the youngest counts.
Tunnel* Lns::find_tunnel_of(std::uint16_t peer_id) {
  Tunnel* youngest = nullptr;
  for (auto& [id, tunnel] : tunnels_) {
    if (tunnel.peer_id != peer_id) continue;
    const bool better = youngest == nullptr || youngest->state == Tunnel::State::closing;
    if (better) youngest = &tunnel;
  }
  return youngest;
}

const Session* Lns::find_session(std::uint16_t session, const Tunnel** tunnel) const {
  for (const auto& [id, candidate] : tunnels_) {
    const auto found = candidate.sessions.find(session);
    if (found == candidate.sessions.end()) continue;
    if (tunnel != nullptr) *tunnel = &candidate;
    return &found->second;
  }
  return nullptr;
}

std::size_t Lns::session_count() const {
  std::size_t count = 0;
  for (const auto& [id, tunnel] : tunnels_) count += tunnel.sessions.size();
  return count;
}

std::uint16_t Lns::new_id(bool of_session) {
  for (;;) {
    std::array<std::byte, 2> bytes{};
    environment_.random(bytes);
    auto id = wire::load_big_endian<std::uint16_t>(bytes.data());
    // A source of numbers that repeats itself must not hold us up: go on from what it gave.
    for (unsigned tries = 0; tries < 64; ++tries, ++id) {
      const bool taken = of_session ? find_session(id) != nullptr : tunnels_.contains(id);
      if (id != 0 && !taken) return id;
    }
  }
}

void Lns::on_message(std::uint32_t slot, std::uint16_t source_port, wire::Bytes bytes, TimePoint now) {
  const auto header = wire::L2tpHeader::parse(bytes);
  if (!header || !header->is_control()) {
    // §7.1: what has a malformed header is discarded.
    return report(Level::debug,
                  fmt::format("an L2TP control message of {} bytes does not parse: {}", bytes.size(),
                              header ? "it is a data message" : wire::to_string(header.error())));
  }
  if (header->tunnel_id() == 0) {
    on_first(slot, source_port, *header, now);
  } else if (Tunnel* tunnel = find_tunnel(header->tunnel_id())) {
    tunnel->slot = slot;
    tunnel->remote_port = source_port;
    on_tunnel_message(*tunnel, *header, now);
  } else {
    report(Level::debug, fmt::format("a message for tunnel {}, which is gone", header->tunnel_id()));
  }
  remove_closed(now);
}

void Lns::on_tunnel_message(Tunnel& tunnel, const wire::L2tpHeader& header, TimePoint now) {
  tunnel.heard = now;
  if (std::exchange(tunnel.dormant, false))
    report(Level::info, fmt::format("{} answers again", tunnel.host_name));
  tunnel.channel.on_message({header.ns(), header.nr()}, header.session_id(), header.payload(), now);
  while (const auto received = tunnel.channel.next()) {
    if (tunnel.state != Tunnel::State::closing) take(tunnel, *received, now);
  }
  flush(tunnel, now);
}

void Lns::take(Tunnel& tunnel, const ControlChannel::Received& received, TimePoint now) {
  const auto message = ControlMessage::parse(received.avps, settings_.secret.bytes());
  const std::string_view name = wire::to_string(message.type());
  if (!message.ignored().empty())
    report(Level::debug, fmt::format("{}: passed over: {}", name, message.ignored()));
  if (is_of_session(message.type())) return take_of_session(tunnel, message, received.session, now);
  if (message.type() == L2tpMessageType::stopccn) return on_stopccn(tunnel, message, now);
  if (message.fault()) {
    return stop(tunnel, StopResult::general_error, message.fault()->code,
                fmt::format("{} is refused: {}", name, message.fault()->text), now);
  }
  if (!message.is_known()) {
    const auto number = static_cast<unsigned>(message.type());
    if (!message.is_mandatory())
      return report(Level::debug, fmt::format("message type {} is not known", number));
    return stop(tunnel, StopResult::general_error, ErrorCode::unknown_mandatory_avp,
                fmt::format("message type {} is mandatory and not known", number), now);
  }
  switch (message.type()) {
    case L2tpMessageType::scccn:
      return on_scccn(tunnel, message, now);
    case L2tpMessageType::hello:
      return;  // its acknowledgement is the answer (§6.5)
    default:
      return stop(tunnel, StopResult::state_machine, ErrorCode::none,
                  fmt::format("{} was not expected", name), now);
  }
}

void Lns::flush(Tunnel& tunnel, TimePoint now) {
  for (auto& datagram : tunnel.channel.take_datagrams(tunnel.peer_id, now))
    actions_.emplace_back(SendControl{std::move(datagram), tunnel.remote_port, tunnel.slot});
}

void Lns::remove_closed(TimePoint now) {
  std::erase_if(tunnels_, [&](const auto& entry) {
    const Tunnel& tunnel = entry.second;
    if (tunnel.state != Tunnel::State::closing) return false;
    return now >= tunnel.since + closing_time || (tunnel.stopped_by_us && tunnel.channel.all_acknowledged());
  });
}

bool Lns::close_session(std::uint16_t session, std::string_view reason, TimePoint now) {
  const Tunnel* holder = nullptr;
  if (find_session(session, &holder) == nullptr) return false;
  Tunnel& tunnel = tunnels_.at(holder->id);
  disconnect(tunnel, tunnel.sessions.at(session), CallResult::administrative, ErrorCode::none, reason, now);
  flush(tunnel, now);
  return true;
}

void Lns::close(std::string_view reason, TimePoint now) {
  for (auto& [id, tunnel] : tunnels_) {
    if (tunnel.state == Tunnel::State::closing) continue;
    stop(tunnel, StopResult::clear, ErrorCode::none, reason, now);
    flush(tunnel, now);
  }
}

void Lns::abandon(std::string_view reason) {
  for (auto& [id, tunnel] : tunnels_)
    if (tunnel.state != Tunnel::State::closing) end(tunnel, reason, tunnel.since);
  tunnels_.clear();
}

}  // namespace espgate::control::l2tp
