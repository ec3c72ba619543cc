// SPDX-License-Identifier: Apache-2.0
#include "client/l2tp/lac.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::client::l2tp {
namespace {

using control::l2tp::CallResult;
using control::l2tp::ErrorCode;
using control::l2tp::ResultCode;
using control::l2tp::StopResult;
using wire::L2tpAttribute;
using wire::L2tpMessageType;

constexpr std::uint16_t protocol_version = 0x0100;  // version 1, revision 0 (RFC 2661 §4.4.3)
constexpr std::uint32_t both_framings = 3, sync_framing = 1;
constexpr std::uint32_t connect_speed_bps =
    100'000'000;  // what the line is capable of, as far as PPP may know

}  // namespace

Lac::Lac(Environment environment, std::string host_name, std::chrono::seconds hello)
    : environment_(std::move(environment)), host_name_(std::move(host_name)), hello_(hello) {}

std::uint16_t Lac::new_id() const {
  std::array<std::byte, 2> bytes{};
  environment_.random(bytes);
  return std::max<std::uint16_t>(1, wire::load_big_endian<std::uint16_t>(bytes.data()));
}

TimePoint Lac::last_heard() const {
  return environment_.last_heard ? std::max(heard_, environment_.last_heard()) : heard_;
}

void Lac::start(TimePoint now) {
  ids_.own_tunnel = new_id();
  ids_.own_session = new_id();
  heard_ = now;
  state_ = State::wait_sccrp;
  channel_.send(
      Builder(0, 0, L2tpMessageType::sccrq)
          .number16(L2tpAttribute::protocol_version, true, protocol_version)
          .number32(L2tpAttribute::framing_capabilities, true, both_framings)
          .number32(L2tpAttribute::bearer_capabilities, true, 0)
          .text(L2tpAttribute::host_name, true, host_name_)
          .text(L2tpAttribute::vendor_name, false, "espgate")
          .number16(L2tpAttribute::assigned_tunnel_id, true, ids_.own_tunnel)
          .number16(L2tpAttribute::receive_window_size, true, control::l2tp::ControlChannel::own_window)
          .finish());
  flush(now);
}

void Lac::on_message(wire::Bytes bytes, TimePoint now) {
  const auto header = wire::L2tpHeader::parse(bytes);
  if (!header || !header->is_control() || header->tunnel_id() != ids_.own_tunnel) return;
  if (state_ == State::idle || state_ == State::over) return;
  heard_ = now;
  channel_.on_message({header->ns(), header->nr()}, header->session_id(), header->payload(), now);
  while (auto received = channel_.next()) {
    const auto message = Message::parse(received->avps, {});
    if (message.fault() && state_ != State::closing)
      refuse(fmt::format("its {} can't be used: {}", wire::to_string(message.type()), message.fault()->text),
             static_cast<std::uint16_t>(message.fault()->code), now);
    else if (!message.is_known() && message.is_mandatory() && state_ != State::closing)
      refuse("it has sent a message that RFC 2661 does not know and that must not be passed over",
             static_cast<std::uint16_t>(ErrorCode::unknown_mandatory_avp), now);
    else
      take(message, received->session);
  }
  flush(now);
  if (state_ == State::closing && channel_.all_acknowledged()) fail(refusal_.value_or(Failure{}));
}

void Lac::take(const Message& message, std::uint16_t session) {
  switch (message.type()) {
    case L2tpMessageType::sccrp:
      if (state_ == State::wait_sccrp) on_sccrp(message);
      return;
    case L2tpMessageType::icrp:
      if (state_ == State::wait_icrp && session == ids_.own_session) on_icrp(message);
      return;
    case L2tpMessageType::cdn:
      if (session == ids_.own_session || session == 0) on_end(message, true);
      return;
    case L2tpMessageType::stopccn:
      return on_end(message, false);
    default:  // HELLO asks for its acknowledgement alone; WEN, SLI and calls of the server's are not for us
      return;
  }
}

void Lac::on_sccrp(const Message& message) {
  if (!message.bytes(L2tpAttribute::challenge).empty()) {
    refusal_ = Failure{Cause::l2tp_refused, "the server asks for L2TP's own authentication by a secret",
                       "this client has none: turn tunnel authentication off there; IPsec authenticates"};
    state_ = State::closing;
    return;
  }
  server_name_ = message.text(L2tpAttribute::host_name);
  ids_.server_tunnel = message.number16(L2tpAttribute::assigned_tunnel_id);
  if (message.has(L2tpAttribute::receive_window_size))
    channel_.set_peer_window(message.number16(L2tpAttribute::receive_window_size));
  channel_.send(Builder(ids_.server_tunnel, 0, L2tpMessageType::scccn).finish());
  channel_.send(Builder(ids_.server_tunnel, 0, L2tpMessageType::icrq)
                    .number16(L2tpAttribute::assigned_session_id, true, ids_.own_session)
                    .number32(L2tpAttribute::call_serial_number, true, 1)
                    .finish());
  state_ = State::wait_icrp;
}

void Lac::on_icrp(const Message& message) {
  ids_.server_session = message.number16(L2tpAttribute::assigned_session_id);
  channel_.send(Builder(ids_.server_tunnel, ids_.server_session, L2tpMessageType::iccn)
                    .number32(L2tpAttribute::tx_connect_speed, true, connect_speed_bps)
                    .number32(L2tpAttribute::framing_type, true, sync_framing)
                    .finish());
  state_ = State::established;
  actions_.emplace_back(ids_);
}

void Lac::on_end(const Message& message, bool of_call) {
  if (refusal_) return;
  const bool was_up = state_ == State::established;
  const std::string what = fmt::format("the server ends the L2TP {}: {}", of_call ? "session" : "tunnel",
                                       message.result().to_string(of_call));
  refusal_ = Failure{was_up ? Cause::hung_up : Cause::l2tp_refused, what, {}};
  state_ = State::closing;
}

void Lac::refuse(const std::string& what, std::uint16_t error, TimePoint now) {
  if (refusal_) return;
  refusal_ = Failure{Cause::l2tp_refused, "the server's L2TP: " + what, {}};
  channel_.send(
      Builder(ids_.server_tunnel, 0, L2tpMessageType::stopccn)
          .number16(L2tpAttribute::assigned_tunnel_id, true, ids_.own_tunnel)
          .avp(L2tpAttribute::result_code, true,
               ResultCode{static_cast<std::uint16_t>(StopResult::general_error), error, what}.encode())
          .finish());
  state_ = State::closing;
  closing_until_ = now + goodbye_time;
}

void Lac::close(std::string_view reason, TimePoint now) {
  if (state_ == State::idle) state_ = State::over;
  if (state_ == State::over || state_ == State::closing) return;
  const bool call = state_ == State::established;
  state_ = State::closing;
  closing_until_ = now + goodbye_time;
  if (call) {
    channel_.send(
        Builder(ids_.server_tunnel, ids_.server_session, L2tpMessageType::cdn)
            .avp(L2tpAttribute::result_code, true,
                 ResultCode{static_cast<std::uint16_t>(CallResult::administrative), 0, std::string(reason)}
                     .encode())
            .number16(L2tpAttribute::assigned_session_id, true, ids_.own_session)
            .finish());
  }
  channel_.send(
      Builder(ids_.server_tunnel, 0, L2tpMessageType::stopccn)
          .number16(L2tpAttribute::assigned_tunnel_id, true, ids_.own_tunnel)
          .avp(L2tpAttribute::result_code, true,
               ResultCode{static_cast<std::uint16_t>(StopResult::clear), 0, std::string(reason)}.encode())
          .finish());
  flush(now);
}

void Lac::flush(TimePoint now) {
  if (state_ == State::closing && closing_until_ == TimePoint{}) closing_until_ = now + goodbye_time;
  for (auto& datagram : channel_.take_datagrams(ids_.server_tunnel, now))
    actions_.emplace_back(SendControl{std::move(datagram)});
}

void Lac::fail(Failure failure) {
  if (state_ == State::over) return;
  state_ = State::over;
  if (!failure.what.empty()) actions_.emplace_back(Down{std::move(failure)});
}

std::optional<TimePoint> Lac::next_due() const {
  if (state_ == State::idle || state_ == State::over) return std::nullopt;
  std::optional<TimePoint> due = channel_.next_due();
  const auto consider = [&due](TimePoint other) { due = due ? std::min(*due, other) : other; };
  if (state_ == State::closing) consider(closing_until_);
  if (state_ == State::established && hello_.count() != 0 && channel_.all_acknowledged())
    consider(last_heard() + hello_);
  return due;
}

void Lac::on_timer(TimePoint now) {
  if (state_ == State::idle || state_ == State::over) return;
  if (state_ == State::closing && now >= closing_until_) return fail(refusal_.value_or(Failure{}));
  if (!channel_.on_timer(now)) {
    if (state_ == State::closing) return fail(refusal_.value_or(Failure{}));
    if (state_ == State::wait_sccrp)
      return fail({Cause::l2tp_refused, "no answer to L2TP's first message, inside the SAs",
                   "is an L2TP server running behind IPsec there, and do its SAs take ESP in UDP?"});
    return fail({state_ == State::established ? Cause::silent : Cause::l2tp_refused,
                 "the server does not acknowledge L2TP messages any more", ""});
  }
  const bool quiet = state_ == State::established && hello_.count() != 0 && channel_.all_acknowledged();
  if (quiet && now >= last_heard() + hello_)
    channel_.send(Builder(ids_.server_tunnel, 0, L2tpMessageType::hello).finish());
  flush(now);
}

}  // namespace espgate::client::l2tp
