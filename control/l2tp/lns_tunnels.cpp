// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/hidden_avp.h"
#include "control/l2tp/lns.h"
#include "crypto/ike_hash.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::control::l2tp {
namespace {

using wire::L2tpAttribute;
using wire::L2tpMessageType;

constexpr std::uint16_t protocol_version = 0x0100;   // version 1, revision 0 (RFC 2661 §4.4.3)
constexpr std::uint32_t sync_and_async_framing = 3;  // either, since nothing of PPP is framed here
constexpr std::uint16_t firmware_revision = 0x0100;
constexpr std::size_t challenge_bytes = 16;
constexpr auto copies_arrive_within = std::chrono::seconds(8);
constexpr std::size_t closing_kept = 32;  // stopped tunnels whose ids stay known

// By which a copy of an SCCRQ is told from the first message of a client that began anew.
std::array<std::byte, 20> digest_of(wire::Bytes avps) {
  std::array<std::byte, 20> digest{};
  std::ranges::copy(crypto::hash(crypto::IkeHash::sha1, {avps}).span(), digest.begin());
  return digest;
}

std::vector<std::byte> stopccn(std::uint16_t peer_tunnel, std::uint16_t own_tunnel, StopResult result,
                               std::uint16_t error, std::string_view text) {
  return wire::L2tpMessageBuilder(peer_tunnel, 0, L2tpMessageType::stopccn)
      .number16(L2tpAttribute::assigned_tunnel_id, true, own_tunnel)
      .avp(L2tpAttribute::result_code, true,
           ResultCode{static_cast<std::uint16_t>(result), error, std::string(text)}.encode())
      .finish();
}

}  // namespace

// What has tunnel id 0: from a client that does not know ours yet.
void Lns::on_first(std::uint32_t slot, std::uint16_t source_port, const wire::L2tpHeader& header,
                   TimePoint now) {
  if (header.payload().empty()) return;
  const auto message = ControlMessage::parse(header.payload(), settings_.secret.bytes());
  if (message.type() == L2tpMessageType::sccrq) return on_sccrq(slot, source_port, header, message, now);
  Tunnel* tunnel = nullptr;
  if (message.type() == L2tpMessageType::stopccn)
    tunnel = find_tunnel_of(message.number16(L2tpAttribute::assigned_tunnel_id));
  if (tunnel == nullptr) {
    return report(Level::debug, fmt::format("{} for no tunnel", wire::to_string(message.type())));
  }
  tunnel->slot = slot;
  tunnel->remote_port = source_port;
  on_tunnel_message(*tunnel, header, now);
}

void Lns::on_sccrq(std::uint32_t slot, std::uint16_t source_port, const wire::L2tpHeader& header,
                   const ControlMessage& message, TimePoint now) {
  const auto peer_id = message.number16(L2tpAttribute::assigned_tunnel_id);
  const auto question = digest_of(header.payload());
  if (header.ns() != 0 || peer_id == 0)
    return report(Level::debug, "an SCCRQ without number 0 or without a tunnel id");
  if (Tunnel* old = find_tunnel_of(peer_id); old != nullptr && old->state != Tunnel::State::closing) {
    const bool is_copy = old->question == question && (old->state == Tunnel::State::wait_ctl_conn ||
                                                       now < old->since + copies_arrive_within);
    if (is_copy) {
      if (old->state == Tunnel::State::wait_ctl_conn) old->channel.send_again();
      old->slot = slot;
      old->remote_port = source_port;
      return on_tunnel_message(*old, header, now);
    }
    end(*old, "the client began anew", now);
    tunnels_.erase(old->id);
  }
  const auto refuse = [&](StopResult result, std::uint16_t error, std::string_view text) {
    refuse_sccrq(slot, source_port, header, message, result, error, text);
  };
  if (message.fault())
    return refuse(StopResult::general_error, static_cast<std::uint16_t>(message.fault()->code),
                  message.fault()->text);
  if (settings_.draining)
    return refuse(StopResult::shutting_down, 0, "the gateway takes no new clients (it is being drained)");
  if (message.number16(L2tpAttribute::protocol_version) >> 8 != protocol_version >> 8)
    return refuse(StopResult::bad_version, protocol_version, "only version 1 of the protocol is spoken here");
  const auto challenge = message.bytes(L2tpAttribute::challenge);
  if (!challenge.empty() && settings_.secret.empty())
    return refuse(StopResult::not_authorized, 0,
                  "the client asks for tunnel authentication, and there is no secret");
  const auto is_closing = [](const auto& entry) { return entry.second.state == Tunnel::State::closing; };
  const auto closing = static_cast<std::size_t>(std::ranges::count_if(tunnels_, is_closing));
  if (tunnels_.size() - closing >= settings_.most_tunnels)
    return refuse(StopResult::general_error, static_cast<std::uint16_t>(ErrorCode::no_resources),
                  "too many tunnels");
  if (closing >= closing_kept) std::erase_if(tunnels_, is_closing);

  // A Tie Breaker says who wins when both ends send an SCCRQ; this end never does (§4.4.3).
  const std::uint16_t id = new_id(false);
  Tunnel& tunnel = tunnels_[id];
  tunnel.id = id;
  tunnel.peer_id = peer_id;
  tunnel.since = tunnel.heard = tunnel.idle_since = now;
  tunnel.remote_port = source_port;
  tunnel.slot = slot;
  tunnel.question = question;
  tunnel.host_name = message.text(L2tpAttribute::host_name);
  tunnel.vendor_name = message.text(L2tpAttribute::vendor_name);
  if (message.has(L2tpAttribute::receive_window_size))
    tunnel.channel.set_peer_window(message.number16(L2tpAttribute::receive_window_size));
  tunnel.channel.on_message({header.ns(), header.nr()}, 0, header.payload(), now);
  (void)tunnel.channel.next();
  send_sccrp(tunnel, challenge);
  flush(tunnel, now);
}

void Lns::send_sccrp(Tunnel& tunnel, wire::Bytes challenge) {
  Builder reply(tunnel.peer_id, 0, L2tpMessageType::sccrp);
  reply.number16(L2tpAttribute::protocol_version, true, protocol_version)
      .number32(L2tpAttribute::framing_capabilities, true, sync_and_async_framing)
      .number32(L2tpAttribute::bearer_capabilities, true, 0)
      .number16(L2tpAttribute::firmware_revision, false, firmware_revision)
      .text(L2tpAttribute::host_name, true, settings_.host_name)
      .text(L2tpAttribute::vendor_name, false, settings_.vendor_name)
      .number16(L2tpAttribute::assigned_tunnel_id, true, tunnel.id)
      .number16(L2tpAttribute::receive_window_size, true, ControlChannel::own_window);
  const wire::Bytes secret = settings_.secret.bytes();
  if (!challenge.empty()) {
    reply.avp(L2tpAttribute::challenge_response, true,
              challenge_response(static_cast<std::uint8_t>(L2tpMessageType::sccrp), secret, challenge));
  }
  if (settings_.require_challenge) {
    std::array<std::byte, challenge_bytes> ours{};
    environment_.random(ours);
    reply.avp(L2tpAttribute::challenge, true, ours);
    tunnel.expected_response =
        challenge_response(static_cast<std::uint8_t>(L2tpMessageType::scccn), secret, ours);
  }
  tunnel.channel.send(reply.finish());
}

// Leaves nothing behind: a copy of the SCCRQ is answered in the same way.
void Lns::refuse_sccrq(std::uint32_t slot, std::uint16_t source_port, const wire::L2tpHeader& header,
                       const ControlMessage& message, StopResult result, std::uint16_t error,
                       std::string_view text) {
  const auto peer_id = message.number16(L2tpAttribute::assigned_tunnel_id);
  report(Level::warning,
         fmt::format("SCCRQ of {:?} is refused: {}", message.text(L2tpAttribute::host_name), text));
  auto reply = stopccn(peer_id, new_id(false), result, error, text);
  wire::set_l2tp_numbers(reply, {0, static_cast<std::uint16_t>(header.ns() + 1)});
  actions_.emplace_back(SendControl{std::move(reply), source_port, slot});
}

void Lns::on_scccn(Tunnel& tunnel, const ControlMessage& message, TimePoint now) {
  if (tunnel.state != Tunnel::State::wait_ctl_conn)
    return stop(tunnel, StopResult::state_machine, ErrorCode::none, "a second SCCCN", now);
  if (!tunnel.expected_response.empty() &&
      !crypto::equal_in_constant_time(tunnel.expected_response,
                                      message.bytes(L2tpAttribute::challenge_response))) {
    return stop(tunnel, StopResult::not_authorized, ErrorCode::none,
                "the client does not know the tunnel's secret", now);
  }
  tunnel.expected_response.clear();
  tunnel.state = Tunnel::State::established;
  tunnel.since = tunnel.idle_since = now;
  report(Level::debug, fmt::format("tunnel {} with {:?} is up", tunnel.id, tunnel.host_name));
}

void Lns::on_stopccn(Tunnel& tunnel, const ControlMessage& message, TimePoint now) {
  end(tunnel, "the client ended the tunnel, " + message.result().to_string(false), now);
}

// Says so to the client, and waits until it has heard.
void Lns::stop(Tunnel& tunnel, StopResult result, ErrorCode error, std::string_view reason, TimePoint now) {
  tunnel.channel.send(stopccn(tunnel.peer_id, tunnel.id, result, static_cast<std::uint16_t>(error), reason));
  end(tunnel, reason, now);
  tunnel.stopped_by_us = true;
  if (result != StopResult::clear) report(Level::warning, fmt::format("the tunnel ends: {}", reason));
}

void Lns::end(Tunnel& tunnel, std::string_view reason, TimePoint now) {
  while (!tunnel.sessions.empty()) remove(tunnel, tunnel.sessions.begin()->second, std::string(reason), now);
  tunnel.state = Tunnel::State::closing;
  tunnel.since = now;
  actions_.emplace_back(TunnelDown{tunnel.id, std::string(reason)});
}

}  // namespace espgate::control::l2tp
