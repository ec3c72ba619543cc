// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/lns.h"

namespace espgate::control::l2tp {
namespace {

constexpr std::uint16_t record_version = 1;

void put(SecretEncoder& out, TimePoint when) {
  out.number(static_cast<std::uint64_t>(when.time_since_epoch() / std::chrono::nanoseconds(1)));
}
TimePoint get_time(Decoder& in) {
  return TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(in.number<std::uint64_t>())));
}

void put(SecretEncoder& out, const Session& session) {
  out.number(session.id);
  out.number(session.peer_id);
  out.number(static_cast<std::uint8_t>(session.state));
  put(out, session.since);
  out.number(static_cast<std::uint8_t>(session.sequencing_required));
}

void put(SecretEncoder& out, const Tunnel& tunnel) {
  out.number(tunnel.id);
  out.number(tunnel.peer_id);
  out.number(static_cast<std::uint8_t>(tunnel.state));
  for (const TimePoint when : {tunnel.since, tunnel.heard, tunnel.idle_since}) put(out, when);
  out.number(static_cast<std::uint8_t>(tunnel.dormant));
  out.number(static_cast<std::uint8_t>(tunnel.stopped_by_us));
  out.number(tunnel.remote_port);
  out.number(tunnel.slot);
  out.bytes(tunnel.question);
  out.blob(tunnel.expected_response);
  out.text(tunnel.host_name);
  out.text(tunnel.vendor_name);
  tunnel.channel.encode(out);
  out.number(static_cast<std::uint16_t>(tunnel.sessions.size()));
  for (const auto& [id, session] : tunnel.sessions) put(out, session);
}

std::optional<Session> get_session(Decoder& in) {
  Session session;
  session.id = in.number<std::uint16_t>();
  session.peer_id = in.number<std::uint16_t>();
  const auto state = in.number<std::uint8_t>();
  session.state = Session::State{state};
  session.since = get_time(in);
  session.sequencing_required = in.number<std::uint8_t>() != 0;
  const bool sound =
      in.ok() && session.id != 0 && state <= static_cast<std::uint8_t>(Session::State::established);
  return sound ? std::optional(session) : std::nullopt;
}

std::optional<Tunnel> get_tunnel(Decoder& in) {
  Tunnel tunnel;
  tunnel.id = in.number<std::uint16_t>();
  tunnel.peer_id = in.number<std::uint16_t>();
  const auto state = in.number<std::uint8_t>();
  tunnel.state = Tunnel::State{state};
  for (TimePoint* when : {&tunnel.since, &tunnel.heard, &tunnel.idle_since}) *when = get_time(in);
  tunnel.dormant = in.number<std::uint8_t>() != 0;
  tunnel.stopped_by_us = in.number<std::uint8_t>() != 0;
  tunnel.remote_port = in.number<std::uint16_t>();
  tunnel.slot = in.number<std::uint32_t>();
  tunnel.question = in.array<20>();
  const auto expected = in.blob();
  tunnel.expected_response.assign(expected.begin(), expected.end());
  tunnel.host_name = in.text();
  tunnel.vendor_name = in.text();
  auto channel = ControlChannel::decode(in);
  if (!channel || tunnel.id == 0 || state > static_cast<std::uint8_t>(Tunnel::State::closing))
    return std::nullopt;
  tunnel.channel = std::move(*channel);
  for (auto left = in.number<std::uint16_t>(); left > 0; --left) {
    const auto session = get_session(in);
    if (!session) return std::nullopt;
    tunnel.sessions.emplace(session->id, *session);
  }
  return in.ok() ? std::optional(std::move(tunnel)) : std::nullopt;
}

}  // namespace

void Lns::encode(SecretEncoder& out) const {
  out.number(record_version);
  out.number(static_cast<std::uint16_t>(tunnels_.size()));
  for (const auto& [id, tunnel] : tunnels_) put(out, tunnel);
}

std::unique_ptr<Lns> Lns::decode(Decoder& in, const Settings& settings, Environment environment) {
  if (in.number<std::uint16_t>() != record_version) return nullptr;
  auto lns = std::make_unique<Lns>(settings, std::move(environment));
  for (auto left = in.number<std::uint16_t>(); left > 0; --left) {
    auto tunnel = get_tunnel(in);
    if (!tunnel) return nullptr;
    const std::uint16_t id = tunnel->id;
    lns->tunnels_.emplace(id, std::move(*tunnel));
  }
  if (!in.ok()) return nullptr;
  for (const auto& [id, tunnel] : lns->tunnels_) {
    for (const auto& [session_id, session] : tunnel.sessions)
      if (session.state == Session::State::installing) lns->start(tunnel, session);
  }
  return lns;
}

}  // namespace espgate::control::l2tp
