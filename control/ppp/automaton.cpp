// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/automaton.h"

#include <array>
#include <cstddef>

namespace espgate::control::ppp {
namespace {

struct Cell {
  std::uint16_t actions;
  std::int8_t next;  // -1: the event can't be here
};
constexpr Cell none = {0, -1};
using Row = std::array<Cell, state_count>;

constexpr Cell to(std::int8_t next, unsigned actions = 0) {
  return {static_cast<std::uint16_t>(actions), next};
}

// clang-format off
// RFC 1661 §4.1. One row per event, one column per state:
//   initial      starting        closed          stopped              closing      stopping     req-sent            ack-rcvd            ack-sent            opened
constexpr std::array<Row, event_count> table = {{
  /* Up   */ {{to(2),   to(6, irc|scr), none,           none,                none,        none,        none,               none,               none,               none}},
  /* Down */ {{none,    none,           to(0),          to(1, tls),          to(0),       to(1),       to(1),              to(1),              to(1),              to(1, tld)}},
  /* Open */ {{to(1, tls), to(1),       to(6, irc|scr), to(3),               to(5),       to(5),       to(6),              to(7),              to(8),              to(9)}},
  /* Close*/ {{to(0),   to(0, tlf),     to(2),          to(2),               to(4),       to(4),       to(4, irc|str),     to(4, irc|str),     to(4, irc|str),     to(4, tld|irc|str)}},
  /* TO+  */ {{none,    none,           none,           none,                to(4, str),  to(5, str),  to(6, scr),         to(6, scr),         to(8, scr),         none}},
  /* TO-  */ {{none,    none,           none,           none,                to(2, tlf),  to(3, tlf),  to(3, tlf),         to(3, tlf),         to(3, tlf),         none}},
  /* RCR+ */ {{none,    none,           to(2, sta),     to(8, irc|scr|sca),  to(4),       to(5),       to(8, sca),         to(9, sca|tlu),     to(8, sca),         to(8, tld|scr|sca)}},
  /* RCR- */ {{none,    none,           to(2, sta),     to(6, irc|scr|scn),  to(4),       to(5),       to(6, scn),         to(7, scn),         to(6, scn),         to(6, tld|scr|scn)}},
  /* RCA  */ {{none,    none,           to(2, sta),     to(3, sta),          to(4),       to(5),       to(7, irc),         to(6, scr),         to(9, irc|tlu),     to(6, tld|scr)}},
  /* RCN  */ {{none,    none,           to(2, sta),     to(3, sta),          to(4),       to(5),       to(6, irc|scr),     to(6, scr),         to(8, irc|scr),     to(6, tld|scr)}},
  /* RTR  */ {{none,    none,           to(2, sta),     to(3, sta),          to(4, sta),  to(5, sta),  to(6, sta),         to(6, sta),         to(6, sta),         to(5, tld|zrc|sta)}},
  /* RTA  */ {{none,    none,           to(2),          to(3),               to(2, tlf),  to(3, tlf),  to(6),              to(6),              to(8),              to(6, tld|scr)}},
  /* RUC  */ {{none,    none,           to(2, scj),     to(3, scj),          to(4, scj),  to(5, scj),  to(6, scj),         to(7, scj),         to(8, scj),         to(9, scj)}},
  /* RXJ+ */ {{none,    none,           to(2),          to(3),               to(4),       to(5),       to(6),              to(6),              to(8),              to(9)}},
  /* RXJ- */ {{none,    none,           to(2, tlf),     to(3, tlf),          to(2, tlf),  to(3, tlf),  to(3, tlf),         to(3, tlf),         to(3, tlf),         to(5, tld|irc|str)}},
  /* RXR  */ {{none,    none,           to(2),          to(3),               to(4),       to(5),       to(6),              to(7),              to(8),              to(9, ser)}},
}};
// clang-format on

}  // namespace

Transition transition(State state, Event event) {
  const Cell cell = table.at(static_cast<std::size_t>(event)).at(static_cast<std::size_t>(state));
  return {cell.actions, cell.next < 0 ? state : static_cast<State>(cell.next)};
}

std::string_view to_string(State state) {
  constexpr std::array<std::string_view, state_count> names = {"Initial",  "Starting", "Closed",   "Stopped",
                                                               "Closing",  "Stopping", "Req-Sent", "Ack-Rcvd",
                                                               "Ack-Sent", "Opened"};
  return names.at(static_cast<std::size_t>(state));
}

}  // namespace espgate::control::ppp
