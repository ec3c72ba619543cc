// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/lns.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::l2tp {

using std::chrono::seconds;

TimePoint Lns::last_heard(const Tunnel& tunnel) const {
  return environment_.last_heard ? std::max(tunnel.heard, environment_.last_heard()) : tunnel.heard;
}

void Lns::on_timer(TimePoint now) {
  for (auto& [id, tunnel] : tunnels_) {
    service(tunnel, now);
    flush(tunnel, now);
  }
  remove_closed(now);
}

void Lns::service(Tunnel& tunnel, TimePoint now) {
  if (!tunnel.channel.on_timer(now)) service_unanswered(tunnel, now);
  if (tunnel.state == Tunnel::State::closing) return;
  std::vector<std::uint16_t> late;
  for (const auto& [id, session] : tunnel.sessions)
    if (session.state != Session::State::established && now >= session.since + settings_.setup)
      late.push_back(id);
  for (const std::uint16_t id : late) {
    disconnect(tunnel, tunnel.sessions.at(id), CallResult::timeout, ErrorCode::none,
               "the call was not set up in time", now);
  }
  if (tunnel.sessions.empty() && now >= tunnel.idle_since + settings_.idle_tunnel)
    return stop(tunnel, StopResult::clear, ErrorCode::none, "no session for a while", now);
  const bool asks = settings_.hello != seconds(0) && tunnel.state == Tunnel::State::established;
  if (asks && tunnel.channel.all_acknowledged() && now >= last_heard(tunnel) + settings_.hello)
    tunnel.channel.send(Builder(tunnel.peer_id, 0, wire::L2tpMessageType::hello).finish());
}

// A message was sent as often as it may be (§5.8). A telephone that sleeps answers when it wakes, so as long
// as it is not too long its tunnel stays.
void Lns::service_unanswered(Tunnel& tunnel, TimePoint now) {
  const bool may_sleep =
      tunnel.state == Tunnel::State::established && now < last_heard(tunnel) + settings_.dormant;
  if (may_sleep) {
    if (!std::exchange(tunnel.dormant, true))
      report(Level::info, fmt::format("{:?} does not answer; its tunnel stays for now", tunnel.host_name));
    tunnel.channel.try_once_more(now + std::max(settings_.hello, seconds(10)));
    return;
  }
  if (tunnel.state != Tunnel::State::closing) end(tunnel, "the client does not answer", now);
  tunnel.since = now - closing_time;  // nothing more to wait for
}

std::optional<TimePoint> Lns::next_due(const Tunnel& tunnel) const {
  std::optional<TimePoint> due = tunnel.channel.next_due();
  const auto at = [&due](TimePoint when) { due = due ? std::min(*due, when) : when; };
  if (tunnel.state == Tunnel::State::closing) {
    at(tunnel.since + closing_time);
    return due;
  }
  for (const auto& [id, session] : tunnel.sessions)
    if (session.state != Session::State::established) at(session.since + settings_.setup);
  if (tunnel.sessions.empty()) at(tunnel.idle_since + settings_.idle_tunnel);
  if (settings_.hello != seconds(0) && tunnel.state == Tunnel::State::established &&
      tunnel.channel.all_acknowledged()) {
    at(last_heard(tunnel) + settings_.hello);
  }
  return due;
}

std::optional<TimePoint> Lns::next_due() const {
  std::optional<TimePoint> due;
  for (const auto& [id, tunnel] : tunnels_) {
    const auto of_tunnel = next_due(tunnel);
    if (of_tunnel) due = due ? std::min(*due, *of_tunnel) : *of_tunnel;
  }
  return due;
}

}  // namespace espgate::control::l2tp
