// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/ppp_session.h"

#include "control/ppp/dhcp_inform.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ppp {
namespace {

using std::chrono::seconds;

constexpr unsigned most_rejects_per_second = 8;  // enough for all protocols that a client tries at once

}  // namespace

PppSession::PppSession(const Settings& settings, Environment environment)
    : settings_(settings),
      environment_(std::move(environment)),
      lcp_(settings, environment_.random, actions_),
      authenticator_(settings, environment_.random, last_question_, actions_),
      ipcp_(settings, actions_) {}

void PppSession::start(TimePoint now) {
  if (phase_ != Phase::dead) return;
  phase_ = Phase::establish;
  heard_ = now;
  lcp_.on_event(Event::open, now);
  lcp_.on_event(Event::up, now);
  follow(now);
}

void PppSession::on_frame(wire::Bytes bytes, TimePoint now) {
  if (phase_ == Phase::dead || phase_ == Phase::down) return;
  const auto frame = wire::PppFrame::parse(bytes);
  if (!frame) return report(Level::debug, fmt::format("a PPP frame is {}", wire::to_string(frame.error())));
  heard_ = now;
  if (frame->protocol() == wire::ppp_ipv4) return on_ipv4(frame->payload());
  const bool is_control = frame->protocol() == wire::ppp_lcp || frame->protocol() == wire::ppp_pap ||
                          frame->protocol() == wire::ppp_chap || frame->protocol() == wire::ppp_ipcp;
  if (!is_control) return reject_protocol(frame->protocol(), frame->payload(), now);
  const auto packet = wire::PppPacket::parse(frame->payload());
  if (!packet) {
    return report(Level::debug, fmt::format("a packet of PPP protocol {:04x} is {}", frame->protocol(),
                                            wire::to_string(packet.error())));
  }
  // RFC 1661 §3.4 to §3.6: until LCP is open, and then until the client is known, the rest is discarded.
  if (frame->protocol() == wire::ppp_lcp) {
    on_lcp(*packet, now);
  } else if (frame->protocol() == wire::ppp_ipcp) {
    on_ipcp(*packet, now);
  } else if (lcp_.is_opened()) {
    if (frame->protocol() == wire::ppp_chap) authenticator_.on_chap(*packet);
    if (frame->protocol() == wire::ppp_pap) authenticator_.on_pap(*packet);
  }
  follow(now);
}

void PppSession::on_lcp(const wire::PppPacket& packet, TimePoint now) {
  lcp_.on_packet(packet, now);
  const auto rejected = lcp_.take_rejected_protocol();
  if (!rejected) return;
  if (*rejected == wire::ppp_ipcp) close("the client has no IPv4", now);
  if (*rejected == wire::ppp_chap || *rejected == wire::ppp_pap)
    close("the client does not know CHAP or PAP", now);
}

void PppSession::on_ipcp(const wire::PppPacket& packet, TimePoint now) {
  if (phase_ != Phase::address && phase_ != Phase::network) return;
  ipcp_heard_ = true;
  const bool is_request = wire::PppCode{packet.code} == wire::PppCode::configure_request;
  const bool waits =
      phase_ == Phase::address || (is_request && !opened_ && ipcp_.would_acknowledge(packet.data));
  if (!waits) {
    if (is_request) held_.clear();
    return ipcp_.on_packet(packet, now);
  }
  // The youngest one counts: it is what the client expects an answer to.
  if (is_request) held_ = wire::ppp_frame(wire::ppp_ipcp, packet.code, packet.id, packet.data);
  if (phase_ == Phase::network && opening_ == 0) ask_for_opening();
}

void PppSession::ask_for_opening() {
  opening_ = ++last_question_;
  actions_.emplace_back(IpOpening{opening_, assigned().address});
}

void PppSession::ask_for_address() {
  address_question_ = ++last_question_;
  actions_.emplace_back(NeedAddress{address_question_, user()});
}

// IP comes here only where the data plane takes it for the gateway itself: a DHCPINFORM.
void PppSession::on_ipv4(wire::Bytes packet) {
  if (!is_ip_up()) return;
  const auto answer =
      answer_dhcp_inform(packet, settings_.dhcp, assigned(), settings_.gateway_address, mru());
  if (!answer) return;
  if (answer->routes_left_out != 0) {
    report(Level::warning, fmt::format("{} routes do not fit into the answer to the client's DHCPINFORM",
                                       answer->routes_left_out));
  }
  SendFrame send;
  send.bytes.resize(2);
  wire::store_big_endian(send.bytes.data(), wire::ppp_ipv4);
  send.bytes.insert(send.bytes.end(), answer->packet.begin(), answer->packet.end());
  actions_.emplace_back(std::move(send));
}

void PppSession::reject_protocol(std::uint16_t protocol, wire::Bytes payload, TimePoint now) {
  // §3.5: not before the client is known.
  if (!lcp_.is_opened() || (phase_ != Phase::address && phase_ != Phase::network)) return;
  if (now >= rejects_since_ + seconds(1)) {
    rejects_since_ = now;
    rejects_ = 0;
  }
  if (++rejects_ <= most_rejects_per_second) lcp_.send_protocol_reject(protocol, payload);
}

void PppSession::on_authenticated(Question question, const AuthenticationResult& result, TimePoint now) {
  if (phase_ != Phase::authenticate) return;
  authenticator_.on_result(question, result);
  follow(now);
}

void PppSession::on_address(Question question, const std::optional<Assigned>& assigned,
                            std::string_view problem, TimePoint now) {
  if (phase_ != Phase::address || question != address_question_) return;
  if (!assigned || assigned->address == 0)
    return close(problem.empty() ? "there is no address for this user" : problem, now);
  phase_ = Phase::network;
  ipcp_.assign(*assigned);
  ipcp_.on_event(Event::open, now);
  ipcp_.on_event(Event::up, now);
  const auto held = std::exchange(held_, {});
  if (!held.empty()) {
    const auto packet = wire::PppPacket::parse(std::span(held).subspan(2));
    if (packet) on_ipcp(*packet, now);
  }
  follow(now);
}

void PppSession::on_opened(Question question, bool opened, TimePoint now) {
  if (opening_ == 0 || question != opening_) return;
  opening_ = 0;
  if (!opened) return close("the data plane has not taken the address", now);
  opened_ = true;
  if (const auto held = std::exchange(held_, {}); !held.empty()) {
    const auto packet = wire::PppPacket::parse(std::span(held).subspan(2));
    if (packet) ipcp_.on_packet(*packet, now);
  }
  follow(now);
}

void PppSession::close(std::string_view reason, TimePoint now) {
  if (phase_ == Phase::terminate || phase_ == Phase::down) return;
  if (phase_ == Phase::dead) return go_down(std::string(reason));
  reason_ = reason;
  leave_network(now);
  phase_ = Phase::terminate;
  lcp_.terminate(reason_, now);
  follow(now);
  // A layer that was over already has nobody to wait for.
  if (phase_ == Phase::terminate && !lcp_.next_due()) go_down(reason_);
}

// Lets what has happened in one layer reach the others.
void PppSession::follow(TimePoint now) {
  follow_lcp(now);
  if (phase_ == Phase::authenticate) follow_authenticator(now);
  if (phase_ == Phase::network) follow_ipcp(now);
  follow_lcp(now);
}

void PppSession::follow_lcp(TimePoint now) {
  for (const auto change : lcp_.take_changes()) {
    if (phase_ == Phase::down) return;
    switch (change) {
      case Negotiation::Change::up:
        if (phase_ == Phase::terminate) break;
        phase_ = Phase::authenticate;
        authenticator_.begin(lcp_.method(), now);
        break;
      case Negotiation::Change::down: {
        leave_network(now);
        authenticator_.stop();
        if (phase_ == Phase::terminate) break;
        const bool ends = lcp_.state() == State::stopping || lcp_.state() == State::closing;
        phase_ = ends ? Phase::terminate : Phase::establish;
        if (ends && reason_.empty()) reason_ = lcp_.cause();
        break;
      }
      case Negotiation::Change::finished:
        go_down(reason_.empty() ? lcp_.cause() : reason_);
        break;
    }
  }
  // LCP may give up by itself while it is being negotiated.
  const bool gives_up = phase_ == Phase::establish && lcp_.state() == State::closing;
  if (gives_up) {
    reason_ = lcp_.cause();
    phase_ = Phase::terminate;
  }
}

void PppSession::follow_authenticator(TimePoint now) {
  if (authenticator_.state() == Authenticator::State::refused) return close(authenticator_.cause(), now);
  if (authenticator_.state() != Authenticator::State::accepted) return;
  phase_ = Phase::address;
  ipcp_heard_ = false;
  address_deadline_ = now + settings_.address_time;
  echo_due_ = now + settings_.echo_interval;
  actions_.emplace_back(LinkUp{mru(), lcp_.peer().acfc, lcp_.peer().pfc, user()});
  ask_for_address();
}

void PppSession::follow_ipcp(TimePoint now) {
  for (const auto change : ipcp_.take_changes()) {
    switch (change) {
      case Negotiation::Change::up:
        actions_.emplace_back(IpUp{assigned().address});
        break;
      case Negotiation::Change::down: {
        // Anew: until it is open again, no IP. The client's own request may have been acknowledged already,
        // so the data plane stays open then; only an end closes it.
        const bool ends = ipcp_.state() == State::stopping || ipcp_.state() == State::closing;
        if (ends) return close(ipcp_.cause(), now);
        break;
      }
      case Negotiation::Change::finished:
        return close(ipcp_.cause().empty() ? "IPCP has ended" : ipcp_.cause(), now);
    }
  }
  if (ipcp_.state() == State::closing) close(ipcp_.cause(), now);
}

void PppSession::leave_network(TimePoint now) {
  ipcp_.on_event(Event::down, now);
  (void)ipcp_.take_changes();
  held_.clear();
  close_data_plane();
}

void PppSession::close_data_plane() {
  const bool about_to = std::exchange(opening_, 0) != 0;
  if (std::exchange(opened_, false) || about_to) actions_.emplace_back(IpDown{});
}

void PppSession::go_down(std::string reason) {
  phase_ = Phase::down;
  close_data_plane();
  actions_.emplace_back(Down{std::move(reason)});
}

std::uint16_t PppSession::mru() const { return std::min(lcp_.peer().mru, settings_.mru); }

TimePoint PppSession::last_heard() const {
  return environment_.last_heard ? std::max(heard_, environment_.last_heard()) : heard_;
}

bool PppSession::asks_for_echo() const {
  return settings_.echo_interval != seconds(0) && (phase_ == Phase::address || phase_ == Phase::network);
}

void PppSession::service_echo(TimePoint now) {
  const TimePoint heard = last_heard();
  if (settings_.dead_after != seconds(0) && now >= heard + settings_.dead_after)
    return close("the client has been silent for too long", now);
  if (now < std::max(echo_due_, heard + settings_.echo_interval)) return;
  if (heard + settings_.echo_interval > echo_due_) echoes_unanswered_ = 0;  // it has spoken since
  if (echoes_unanswered_++ == settings_.echo_failures)
    report(Level::info, "the client does not answer; its session stays for now");
  lcp_.send_echo_request();
  echo_due_ = now + settings_.echo_interval;
}

void PppSession::on_timer(TimePoint now) {
  if (phase_ == Phase::dead || phase_ == Phase::down) return;
  lcp_.on_timer(now);
  if (phase_ == Phase::authenticate) authenticator_.on_timer(now);
  if (phase_ == Phase::network) {
    // A client that was never told of its success waits for that, not for IPCP, and can't ask (RFC 1994
    // §4.2).
    if (!ipcp_heard_ && ipcp_.next_due() && now >= *ipcp_.next_due()) authenticator_.repeat_success();
    ipcp_.on_timer(now);
  }
  follow(now);
  if (phase_ == Phase::address && now >= address_deadline_) close("no address was found in time", now);
  if (asks_for_echo()) service_echo(now);
}

std::optional<TimePoint> PppSession::next_due() const {
  if (phase_ == Phase::dead || phase_ == Phase::down) return std::nullopt;
  std::optional<TimePoint> due = lcp_.next_due();
  const auto at = [&due](std::optional<TimePoint> when) {
    if (when) due = due ? std::min(*due, *when) : when;
  };
  if (phase_ == Phase::authenticate) at(authenticator_.next_due());
  if (phase_ == Phase::address) at(address_deadline_);
  if (phase_ == Phase::network) at(ipcp_.next_due());
  if (asks_for_echo()) {
    const TimePoint heard = last_heard();
    at(std::max(echo_due_, heard + settings_.echo_interval));
    if (settings_.dead_after != seconds(0)) at(heard + settings_.dead_after);
  }
  return due;
}

}  // namespace espgate::control::ppp
