// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace espgate::openswan {

// Values as ipsec.conf(5) writes them.

// yes, true, 1, on; no, false, 0, off. nullopt: neither.
[[nodiscard]] std::optional<bool> flag_value(std::string_view text);
// Seconds of "3600", "90s", "60m", "1.5h", "7d", "2w". nullopt: none of these, or more than a thousand years.
[[nodiscard]] std::optional<double> seconds_value(std::string_view text);
// The parts of a list, without blanks around them; empty ones are left out.
[[nodiscard]] std::vector<std::string_view> list_value(std::string_view text, char separator = ',');
// "17/1701", "udp/l2tp", "17/%any".
struct ProtocolPort {
  bool udp = false;
  std::optional<unsigned> port;  // nullopt: any
};
[[nodiscard]] std::optional<ProtocolPort> protocol_port_value(std::string_view text);
// Whether they are the same word, but for case.
[[nodiscard]] bool same_text(std::string_view a, std::string_view b);

}  // namespace espgate::openswan
