// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/lns.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::l2tp {
namespace {

using wire::L2tpAttribute;
using wire::L2tpMessageType;

SessionIds ids_of(const Tunnel& tunnel, const Session& session) {
  return {tunnel.id, session.id, tunnel.peer_id, session.peer_id};
}

std::vector<std::byte> cdn(const Tunnel& tunnel, std::uint16_t peer_session, std::uint16_t own_session,
                           CallResult result, ErrorCode error, std::string_view text) {
  const ResultCode code{static_cast<std::uint16_t>(result), static_cast<std::uint16_t>(error),
                        std::string(text)};
  return wire::L2tpMessageBuilder(tunnel.peer_id, peer_session, L2tpMessageType::cdn)
      .avp(L2tpAttribute::result_code, true, code.encode())
      .number16(L2tpAttribute::assigned_session_id, true, own_session)
      .finish();
}

}  // namespace

void Lns::take_of_session(Tunnel& tunnel, const ControlMessage& message, std::uint16_t session_id,
                          TimePoint now) {
  const std::string_view name = wire::to_string(message.type());
  if (tunnel.state != Tunnel::State::established) {
    return stop(tunnel, StopResult::state_machine, ErrorCode::none, fmt::format("{} before SCCCN", name),
                now);
  }
  const auto found = tunnel.sessions.find(session_id);
  Session* session = found == tunnel.sessions.end() ? nullptr : &found->second;
  const auto peer_session = message.number16(L2tpAttribute::assigned_session_id);
  const bool is_request = message.type() == L2tpMessageType::icrq || message.type() == L2tpMessageType::ocrq;
  if (message.fault() && message.type() != L2tpMessageType::cdn) {
    const std::string reason = fmt::format("{} is refused: {}", name, message.fault()->text);
    if (is_request)
      return refuse_call(tunnel, peer_session, CallResult::general_error, message.fault()->code, reason);
    if (session == nullptr) return report(Level::warning, reason);
    return disconnect(tunnel, *session, CallResult::general_error, message.fault()->code, reason, now);
  }
  switch (message.type()) {
    case L2tpMessageType::icrq:
      return on_icrq(tunnel, message, now);
    case L2tpMessageType::ocrq:
      return refuse_call(tunnel, peer_session, CallResult::no_facilities, ErrorCode::none,
                         "outgoing calls are not supported");
    case L2tpMessageType::cdn:
      return on_cdn(tunnel, message, session_id, now);
    case L2tpMessageType::iccn:
      if (session != nullptr) return on_iccn(tunnel, *session, message, now);
      return report(Level::debug, fmt::format("ICCN for session {}, which is gone", session_id));
    case L2tpMessageType::wen:
    case L2tpMessageType::sli:
      return;  // of serial lines, which nobody has here (§6.13, §6.14)
    default:
      break;
  }
  // Answers to calls that we never make (§7.4).
  if (session == nullptr) return report(Level::debug, fmt::format("{} was not expected", name));
  disconnect(tunnel, *session, CallResult::general_error, ErrorCode::vendor_specific,
             fmt::format("{} was not expected", name), now);
}

void Lns::on_icrq(Tunnel& tunnel, const ControlMessage& message, TimePoint now) {
  const auto peer_session = message.number16(L2tpAttribute::assigned_session_id);
  const auto has_it = [&](const auto& entry) { return entry.second.peer_id == peer_session; };
  if (peer_session == 0 || std::ranges::any_of(tunnel.sessions, has_it)) {
    return refuse_call(tunnel, peer_session, CallResult::general_error, ErrorCode::bad_session_id,
                       "the session id is 0 or taken");
  }
  if (session_count() >= settings_.most_sessions) {
    return refuse_call(tunnel, peer_session, CallResult::general_error, ErrorCode::no_resources,
                       "too many sessions");
  }
  const std::uint16_t id = new_id(true);
  const Session session{id, peer_session, Session::State::installing, now};
  start(tunnel, tunnel.sessions.emplace(id, session).first->second);
}

void Lns::start(const Tunnel& tunnel, const Session& session) {
  actions_.emplace_back(SessionStarting{ids_of(tunnel, session), tunnel.remote_port});
}

void Lns::on_session_installed(std::uint16_t session_id, bool installed, TimePoint now) {
  const Tunnel* holder = nullptr;
  const Session* found = find_session(session_id, &holder);
  if (found == nullptr || found->state != Session::State::installing) return;
  Tunnel& tunnel = tunnels_.at(holder->id);
  Session& session = tunnel.sessions.at(session_id);
  if (installed) {
    session.state = Session::State::wait_connect;
    session.since = now;
    tunnel.channel.send(Builder(tunnel.peer_id, session.peer_id, L2tpMessageType::icrp)
                            .number16(L2tpAttribute::assigned_session_id, true, session.id)
                            .finish());
  } else {
    disconnect(tunnel, session, CallResult::general_error, ErrorCode::no_resources,
               "the data plane has not taken the session", now);
  }
  flush(tunnel, now);
}

void Lns::on_iccn(Tunnel& tunnel, Session& session, const ControlMessage& message, TimePoint now) {
  if (session.state != Session::State::wait_connect) {
    return disconnect(tunnel, session, CallResult::general_error, ErrorCode::vendor_specific,
                      "ICCN was not expected", now);
  }
  session.state = Session::State::established;
  session.since = now;
  session.sequencing_required = message.has(L2tpAttribute::sequencing_required);
  // What the LAC has negotiated by proxy (§4.4.5) is not used: LCP begins here.
  actions_.emplace_back(SessionUp{ids_of(tunnel, session), tunnel.remote_port, session.sequencing_required,
                                  message.number32(L2tpAttribute::tx_connect_speed), tunnel.host_name});
}

void Lns::on_cdn(Tunnel& tunnel, const ControlMessage& message, std::uint16_t session_id, TimePoint now) {
  auto found = tunnel.sessions.find(session_id);
  if (session_id == 0) {  // the client does not know our id yet (§4.4.4)
    const auto peer_session = message.number16(L2tpAttribute::assigned_session_id);
    found = std::ranges::find_if(tunnel.sessions,
                                 [&](const auto& entry) { return entry.second.peer_id == peer_session; });
  }
  if (found == tunnel.sessions.end()) return report(Level::debug, "CDN for a session that is gone");
  remove(tunnel, found->second, "the client hung up, " + message.result().to_string(true), now);
}

void Lns::disconnect(Tunnel& tunnel, Session& session, CallResult result, ErrorCode error,
                     std::string_view reason, TimePoint now) {
  tunnel.channel.send(cdn(tunnel, session.peer_id, session.id, result, error, reason));
  if (result != CallResult::administrative)
    report(Level::warning, fmt::format("the session ends: {}", reason));
  remove(tunnel, session, std::string(reason), now);
}

void Lns::refuse_call(Tunnel& tunnel, std::uint16_t peer_session, CallResult result, ErrorCode error,
                      std::string_view reason) {
  report(Level::warning, fmt::format("a call is refused: {}", reason));
  tunnel.channel.send(cdn(tunnel, peer_session, new_id(true), result, error, reason));
}

void Lns::remove(Tunnel& tunnel, const Session& session, std::string reason, TimePoint now) {
  actions_.emplace_back(SessionDown{ids_of(tunnel, session), std::move(reason)});
  const std::uint16_t id = session.id;  // `session` goes with what it names
  tunnel.sessions.erase(id);
  tunnel.idle_since = now;
}

}  // namespace espgate::control::l2tp
