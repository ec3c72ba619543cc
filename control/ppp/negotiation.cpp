// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/negotiation.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ppp {
namespace {

using wire::PppCode;

bool waits(State state) { return state >= State::closing && state < State::opened; }

bool walks(wire::Bytes options) {
  wire::PppOptionWalk walk(options);
  for (;;) {
    const auto option = walk.next();
    if (!option) return false;
    if (!*option) return true;
  }
}

constexpr unsigned most_rejections = 20;
constexpr std::size_t longest_rejected = 512;  // of a packet that is sent back, below any MRU (§5.6)

}  // namespace

Negotiation::Answer Negotiation::AnswerBuilder::finish() {
  if (!reject_.empty()) return {Verdict::reject, std::move(reject_)};
  if (!nak_.empty()) return {Verdict::nak, std::move(nak_)};
  return {};
}

void Negotiation::on_packet(const wire::PppPacket& packet, TimePoint now) {
  switch (PppCode{packet.code}) {
    case PppCode::configure_request:
      return on_configure_request(packet, now);
    case PppCode::configure_ack:
    case PppCode::configure_nak:
    case PppCode::configure_reject:
      return on_configure_answer(packet, now);
    case PppCode::terminate_request: {
      const std::string text =
          printable({reinterpret_cast<const char*>(packet.data.data()), packet.data.size()});
      cause_ = text.empty() ? "the client hung up" : fmt::format("the client hung up: {}", text);
      return step(Event::rtr, packet, now);
    }
    case PppCode::terminate_ack:
      return step(Event::rta, packet, now);
    case PppCode::code_reject: {
      if (packet.data.empty()) return;
      const auto code = std::to_integer<std::uint8_t>(packet.data.front());
      if (may_be_rejected(code)) return step(Event::rxj_plus, packet, now);
      cause_ = fmt::format("the client does not know code {}", code);
      return step(Event::rxj_minus, packet, now);
    }
    default:
      if (!on_other_code(packet, now)) step(Event::ruc, packet, now);
  }
}

void Negotiation::on_configure_request(const wire::PppPacket& packet, TimePoint now) {
  if (!walks(packet.data)) return report(Level::debug, "a Configure-Request whose options do not parse");
  answer_ = judge(packet.data, failures_ < settings_.most_failures);
  if (std::exchange(failed_, false)) return step(Event::close, {}, now);
  step(answer_.verdict == Verdict::ack ? Event::rcr_plus : Event::rcr_minus, packet, now);
}

void Negotiation::on_configure_answer(const wire::PppPacket& packet, TimePoint now) {
  // An answer to another request than the last is none (§5.2 to §5.4).
  if (packet.id != request_id_ || sent_request_.empty() || !walks(packet.data)) return;
  if (PppCode{packet.code} == PppCode::configure_ack) {
    if (!std::ranges::equal(packet.data, std::span(sent_request_).subspan(6))) return;
    sent_request_.clear();  // a copy of the Ack must not bring down what it has brought up
    return step(Event::rca, packet, now);
  }
  if (state_ == State::req_sent || state_ == State::ack_sent) {
    if (PppCode{packet.code} == PppCode::configure_nak) {
      on_nak(packet.data);
    } else {
      on_reject(packet.data);
    }
    // Each answer starts the count of requests anew, so somebody has to stop peers that only say no.
    if (++rejections_ > most_rejections) fail("the client refuses what is asked of it, whatever that is");
    if (std::exchange(failed_, false)) return step(Event::close, {}, now);
  }
  step(Event::rcn, packet, now);
}

void Negotiation::terminate(std::string_view reason, TimePoint now) {
  cause_ = reason;
  step(Event::close, {}, now);
}

void Negotiation::on_timer(TimePoint now) {
  if (!waits(state_) || now < due_) return;
  const bool left = tries_ > 0;
  if (!left && state_ >= State::req_sent) cause_ = "the client does not answer";
  step(left ? Event::to_plus : Event::to_minus, {}, now);
}

std::optional<TimePoint> Negotiation::next_due() const {
  return waits(state_) ? std::optional(due_) : std::nullopt;
}

void Negotiation::step(Event event, const wire::PppPacket& packet, TimePoint now) {
  const State before = state_;
  const Transition next = transition(state_, event);
  state_ = next.next;
  perform(next.actions, packet, before, now);
}

void Negotiation::perform(std::uint16_t actions, const wire::PppPacket& packet, State before, TimePoint now) {
  const bool terminating = state_ == State::closing || state_ == State::stopping;
  if ((actions & tld) != 0) changes_.push_back(Change::down);
  // From Opened or Stopped into a new negotiation, which begins with what we want at first.
  const bool begins = (actions & scr) != 0 && (before <= State::stopped || before == State::opened);
  if (begins) {
    failures_ = rejections_ = 0;
    cause_.clear();
    reset();
  }
  if ((actions & irc) != 0 || begins)
    tries_ = terminating ? settings_.most_terminates : settings_.most_configures;
  if ((actions & zrc) != 0) {
    tries_ = 0;
    due_ = now + settings_.restart;
  }
  if ((actions & scr) != 0) send_request(now);
  if ((actions & sca) != 0) {
    failures_ = 0;
    adopt(packet.data);
    send(PppCode::configure_ack, packet.id, packet.data);
  }
  if ((actions & scn) != 0) {
    const bool rejected = answer_.verdict == Verdict::reject;
    if (!rejected) ++failures_;
    send(rejected ? PppCode::configure_reject : PppCode::configure_nak, packet.id, answer_.options.bytes());
  }
  if ((actions & str) != 0) {
    const auto bytes = std::as_bytes(std::span(cause_.data(), std::min<std::size_t>(cause_.size(), 200)));
    send(PppCode::terminate_request, next_id(), bytes);
    if (tries_ > 0) --tries_;
    due_ = now + settings_.restart;
  }
  if ((actions & sta) != 0) send(PppCode::terminate_ack, packet.id, {});
  if ((actions & scj) != 0) send_code_reject(packet);
  if ((actions & tlu) != 0) changes_.push_back(Change::up);
  if ((actions & tlf) != 0) changes_.push_back(Change::finished);
}

void Negotiation::send_request(TimePoint now) {
  request_id_ = next_id();
  sent_request_ = wire::ppp_frame(protocol_, PppCode::configure_request, request_id_, request().bytes());
  actions_.emplace_back(SendFrame{sent_request_});
  if (tries_ > 0) --tries_;
  due_ = now + settings_.restart;
}

void Negotiation::send_code_reject(const wire::PppPacket& packet) {
  const auto whole = wire::ppp_frame(protocol_, packet.code, packet.id, packet.data);
  const auto sent_back = std::span(whole).subspan(2);
  send(PppCode::code_reject, next_id(), sent_back.first(std::min(sent_back.size(), longest_rejected)));
}

void Negotiation::send(wire::PppCode code, std::uint8_t id, wire::Bytes data) {
  actions_.emplace_back(SendFrame{wire::ppp_frame(protocol_, code, id, data)});
}

void Negotiation::encode_base(SecretEncoder& out) const {
  out.number(static_cast<std::uint8_t>(state_));
  out.number(id_);
  out.number(request_id_);
  out.blob(sent_request_);
  out.number(tries_);
  out.number(failures_);
  out.number(rejections_);
  out.number(static_cast<std::uint64_t>(due_.time_since_epoch() / std::chrono::nanoseconds(1)));
  out.text(cause_);
}

bool Negotiation::decode_base(Decoder& in) {
  const auto state = in.number<std::uint8_t>();
  state_ = State{state};
  id_ = in.number<std::uint8_t>();
  request_id_ = in.number<std::uint8_t>();
  const auto sent = in.blob();
  sent_request_.assign(sent.begin(), sent.end());
  tries_ = in.number<unsigned>();
  failures_ = in.number<unsigned>();
  rejections_ = in.number<unsigned>();
  due_ = TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(in.number<std::uint64_t>())));
  cause_ = in.text();
  return in.ok() && state < state_count && (sent_request_.empty() || sent_request_.size() >= 6);
}

}  // namespace espgate::control::ppp
