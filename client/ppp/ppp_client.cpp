// SPDX-License-Identifier: Apache-2.0
#include "client/ppp/ppp_client.h"

#include "wire/ppp.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::client::ppp {
namespace {

using control::ppp::Event;
using Change = Negotiation::Change;

// The automaton was written for a server and calls its peer the client.
std::string from_our_side(std::string cause) {
  constexpr std::string_view theirs = "the client", ours = "the server";
  for (std::size_t at = cause.find(theirs); at != std::string::npos; at = cause.find(theirs, at))
    cause.replace(at, theirs.size(), ours);
  return cause;
}

}  // namespace

PppClient::PppClient(const control::ppp::Settings& settings, const Credentials& credentials,
                     const Random& random)
    : lcp_(settings, random, negotiated_),
      authentication_(credentials, random, negotiated_),
      ipcp_(settings, negotiated_) {}

void PppClient::start(TimePoint now) {
  phase_ = Phase::establish;
  lcp_.on_event(Event::open, now);
  lcp_.on_event(Event::up, now);
  follow(now);
}

void PppClient::on_frame(wire::Bytes frame, TimePoint now) {
  if (phase_ == Phase::dead || phase_ == Phase::over) return;
  const auto parsed = wire::PppFrame::parse(frame);
  if (!parsed) return;
  dispatch(parsed->protocol(), parsed->payload(), now);
  follow(now);
}

void PppClient::dispatch(std::uint16_t protocol, wire::Bytes payload, TimePoint now) {
  const auto packet = wire::PppPacket::parse(payload);
  switch (protocol) {
    case wire::ppp_lcp:
      if (packet) lcp_.on_packet(*packet, now);
      return;
    case wire::ppp_chap:
      if (packet && phase_ != Phase::establish) authentication_.on_chap(*packet, now);
      return;
    case wire::ppp_pap:
      if (packet && phase_ != Phase::establish) authentication_.on_pap(*packet);
      return;
    case wire::ppp_ipcp:
      if (packet && phase_ == Phase::network) ipcp_.on_packet(*packet, now);
      return;
    case wire::ppp_ipv4:
      return;
    default:
      if (lcp_.is_opened()) lcp_.send_protocol_reject(protocol, payload);
  }
}

void PppClient::follow(TimePoint now) {
  follow_lcp(now);
  follow_authentication(now);
  follow_ipcp(now);
  move_frames();
}

void PppClient::follow_lcp(TimePoint now) {
  if (lcp_.take_rejected_protocol() == wire::ppp_ipcp)
    give_up({Cause::ppp_refused, "the server does not do IPv4 (IPCP is rejected)", ""}, now);
  for (const Change change : lcp_.take_changes()) {
    if (change == Change::up) {
      phase_ = Phase::authenticate;
      actions_.emplace_back(LinkUp{lcp_.server().authentication});
      if (lcp_.server().authentication)
        authentication_.begin(*lcp_.server().authentication, now);
      else
        begin_network(now);
    } else if (change == Change::down && phase_ != Phase::over) {  // it is negotiated anew, or ends
      if (std::exchange(phase_, Phase::establish) == Phase::network) ipcp_.on_event(Event::down, now);
    } else if (change == Change::finished) {
      phase_ = Phase::over;
    }
  }
  // A server that has hung up waits for nothing but our Terminate-Ack, which has left.
  if (lcp_.state() == control::ppp::State::stopping) phase_ = Phase::over;
  if (phase_ != Phase::over || closed_by_us_) return;
  closed_by_us_ = true;
  const Cause cause = lcp_.cause().starts_with("the client hung up") ? Cause::hung_up : Cause::ppp_refused;
  const std::string why = lcp_.cause().empty() ? "the server ends PPP" : from_our_side(lcp_.cause());
  actions_.emplace_back(Down{{cause, "PPP: " + why, {}}});
}

void PppClient::follow_authentication(TimePoint now) {
  if (phase_ != Phase::authenticate && phase_ != Phase::network) return;
  if (authentication_.state() == Authentication::State::refused && !given_up_)
    return give_up(authentication_.failure(), now);
  if (phase_ == Phase::authenticate && authentication_.state() == Authentication::State::accepted) {
    actions_.emplace_back(UserAccepted{});
    begin_network(now);
  }
}

void PppClient::begin_network(TimePoint now) {
  phase_ = Phase::network;
  ipcp_.on_event(Event::open, now);
  ipcp_.on_event(Event::up, now);
}

void PppClient::follow_ipcp(TimePoint now) {
  for (const Change change : ipcp_.take_changes()) {
    if (change == Change::finished && phase_ == Phase::network)
      give_up({Cause::ppp_refused, "IPCP: " + from_our_side(ipcp_.cause()), {}}, now);
    if (change != Change::up) continue;
    if (ipcp_.given().address == 0)
      return give_up({Cause::ppp_refused, "the server gives no address", "has its pool one left?"}, now);
    actions_.emplace_back(IpUp{ipcp_.given(), lcp_.server().mru});
  }
}

// Told at once: what carries us may be gone before the goodbye is answered.
void PppClient::give_up(Failure failure, TimePoint now) {
  if (std::exchange(given_up_, true)) return;
  if (!std::exchange(closed_by_us_, true)) actions_.emplace_back(Down{std::move(failure)});
  lcp_.terminate("", now);
  follow_lcp(now);
}

// Frames leave in the order in which they were made.
void PppClient::move_frames() {
  for (auto& action : std::exchange(negotiated_, {}))
    if (auto* frame = std::get_if<control::ppp::SendFrame>(&action))
      actions_.emplace_back(SendFrame{std::move(frame->bytes)});
}

std::vector<Action> PppClient::take_actions() { return std::exchange(actions_, {}); }

std::optional<TimePoint> PppClient::next_due() const {
  if (phase_ == Phase::dead || phase_ == Phase::over) return std::nullopt;
  std::optional<TimePoint> next = lcp_.next_due();
  const auto consider = [&next](const std::optional<TimePoint>& due) {
    if (due && (!next || *due < *next)) next = due;
  };
  if (phase_ == Phase::authenticate || phase_ == Phase::network) consider(authentication_.next_due());
  if (phase_ == Phase::network) consider(ipcp_.next_due());
  return next;
}

void PppClient::on_timer(TimePoint now) {
  if (phase_ == Phase::dead || phase_ == Phase::over) return;
  lcp_.on_timer(now);
  if (phase_ == Phase::authenticate || phase_ == Phase::network) authentication_.on_timer(now);
  if (phase_ == Phase::network) ipcp_.on_timer(now);
  follow(now);
}

void PppClient::close(std::string_view reason, TimePoint now) {
  if (phase_ == Phase::dead) phase_ = Phase::over;
  if (phase_ == Phase::over) return;
  closed_by_us_ = true;
  lcp_.terminate(reason, now);
  follow(now);
}

}  // namespace espgate::client::ppp
