// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace espgate::control::ppp {

// The option negotiation automaton of RFC 1661 §4, as its table: no timers, no packets, no memory.
enum class State : std::uint8_t {
  initial,
  starting,
  closed,
  stopped,
  closing,
  stopping,
  req_sent,
  ack_rcvd,
  ack_sent,
  opened,
};
inline constexpr unsigned state_count = 10;

enum class Event : std::uint8_t {
  up,         // the lower layer is there
  down,       // it is gone
  open,       // we may begin
  close,      // we are to end
  to_plus,    // the restart timer ran out, there are tries left
  to_minus,   // … there are none
  rcr_plus,   // Configure-Request, acceptable
  rcr_minus,  // … not so
  rca,        // Configure-Ack
  rcn,        // Configure-Nak or -Reject
  rtr,        // Terminate-Request
  rta,        // Terminate-Ack
  ruc,        // unknown code
  rxj_plus,   // Code- or Protocol-Reject that can be lived with
  rxj_minus,  // … that can't
  rxr,        // Echo-Request, -Reply, Discard-Request
};
inline constexpr unsigned event_count = 16;

// What a transition asks for, several at once (RFC 1661 §4.4).
enum LayerAction : std::uint16_t {
  tlu = 1 << 0,   // this layer up
  tld = 1 << 1,   // … down
  tls = 1 << 2,   // … started: it needs the lower one
  tlf = 1 << 3,   // … finished: it does not any more
  irc = 1 << 4,   // initialize restart count
  zrc = 1 << 5,   // zero it
  scr = 1 << 6,   // send Configure-Request
  sca = 1 << 7,   // send Configure-Ack
  scn = 1 << 8,   // send Configure-Nak or -Reject
  str = 1 << 9,   // send Terminate-Request
  sta = 1 << 10,  // send Terminate-Ack
  scj = 1 << 11,  // send Code-Reject
  ser = 1 << 12,  // answer an echo
};

struct Transition {
  std::uint16_t actions = 0;
  State next = State::initial;
};

// Events that can't be in a state change nothing and ask for nothing.
[[nodiscard]] Transition transition(State state, Event event);

// "Req-Sent" as RFC 1661 writes it.
[[nodiscard]] std::string_view to_string(State state);

}  // namespace espgate::control::ppp
