// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/automaton.h"

#include <array>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace espgate::control::ppp {
namespace {

std::string text_of(State state, Event event) {
  const auto result = transition(state, event);
  constexpr std::pair<LayerAction, std::string_view> names[] = {
      {tld, "tld"}, {tls, "tls"}, {tlf, "tlf"}, {irc, "irc"}, {zrc, "zrc"}, {scr, "scr"}, {sca, "sca"},
      {scn, "scn"}, {str, "str"}, {sta, "sta"}, {scj, "scj"}, {ser, "ser"}, {tlu, "tlu"}};
  std::string text;
  for (const auto& [action, name] : names)
    if ((result.actions & action) != 0) text += std::string(name) + ",";
  if (!text.empty()) text.back() = '/';
  return text + std::to_string(static_cast<int>(result.next));
}

TEST(Automaton, IsTheTableOfTheRfc) {
  // RFC 1661 §4.1, read column by column: what a state does with Up, Down, Open, Close, TO+, TO-, RCR+, RCR-,
  // RCA, RCN, RTR, RTA, RUC, RXJ+, RXJ-, RXR. What the RFC marks as impossible stays where it is.
  const std::array<std::array<std::string_view, event_count>, state_count> columns = {{
      {"2", "0", "tls/1", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0"},
      {"irc,scr/6", "1", "1", "tlf/0", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1"},
      {"2", "0", "irc,scr/6", "2", "2", "2", "sta/2", "sta/2", "sta/2", "sta/2", "sta/2", "2", "scj/2", "2",
       "tlf/2", "2"},
      {"3", "tls/1", "3", "2", "3", "3", "irc,scr,sca/8", "irc,scr,scn/6", "sta/3", "sta/3", "sta/3", "3",
       "scj/3", "3", "tlf/3", "3"},
      {"4", "0", "5", "4", "str/4", "tlf/2", "4", "4", "4", "4", "sta/4", "tlf/2", "scj/4", "4", "tlf/2",
       "4"},
      {"5", "1", "5", "4", "str/5", "tlf/3", "5", "5", "5", "5", "sta/5", "tlf/3", "scj/5", "5", "tlf/3",
       "5"},
      {"6", "1", "6", "irc,str/4", "scr/6", "tlf/3", "sca/8", "scn/6", "irc/7", "irc,scr/6", "sta/6", "6",
       "scj/6", "6", "tlf/3", "6"},
      {"7", "1", "7", "irc,str/4", "scr/6", "tlf/3", "sca,tlu/9", "scn/7", "scr/6", "scr/6", "sta/6", "6",
       "scj/7", "6", "tlf/3", "7"},
      {"8", "1", "8", "irc,str/4", "scr/8", "tlf/3", "sca/8", "scn/6", "irc,tlu/9", "irc,scr/8", "sta/6", "8",
       "scj/8", "8", "tlf/3", "8"},
      {"9", "tld/1", "9", "tld,irc,str/4", "9", "9", "tld,scr,sca/8", "tld,scr,scn/6", "tld,scr/6",
       "tld,scr/6", "tld,zrc,sta/5", "tld,scr/6", "scj/9", "9", "tld,irc,str/5", "ser/9"},
  }};
  for (unsigned state = 0; state < state_count; ++state) {
    for (unsigned event = 0; event < event_count; ++event) {
      EXPECT_EQ(text_of(State{static_cast<std::uint8_t>(state)}, Event{static_cast<std::uint8_t>(event)}),
                columns.at(state).at(event))
          << to_string(State{static_cast<std::uint8_t>(state)}) << ", event " << event;
    }
  }
}

}  // namespace
}  // namespace espgate::control::ppp
