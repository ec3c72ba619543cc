// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/dhcp.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::control::ppp {

using TimePoint = std::chrono::steady_clock::time_point;

enum class Method : std::uint8_t { pap, chap_md5, mschapv2 };
// "PAP", "CHAP-MD5", "MS-CHAPv2".
[[nodiscard]] std::string_view to_string(Method method);

// What a client may be told by DHCP once its address is open (RFC 2131 §4.3.5).
struct DhcpSettings {
  static constexpr std::size_t most_routes = 64;
  bool answer = true;
  std::string domain;                   // empty: none
  std::vector<wire::DhcpRoute> routes;  // router 0: the gateway. Behind the first 64, none is told
};

// What the administrator has decided for all sessions. Does not change while a core runs.
struct Settings {
  std::string name = "espgate";                      // in CHAP challenges
  std::vector<Method> methods = {Method::mschapv2};  // the one to be asked for first in front
  std::uint16_t mru = 1400;           // bytes; what we ask for, and the most that is sent to the client
  bool ask_for_compression = true;    // the client may leave out FF 03 and a byte of the protocol number
  std::uint32_t gateway_address = 0;  // ours inside, host order
  DhcpSettings dhcp;

  std::chrono::seconds restart{3};  // RFC 1661 §4.6
  unsigned most_configures = 10, most_terminates = 2, most_failures = 5;
  unsigned most_wrong_passwords = 3;             // where the protocol lets a client try again: PAP
  std::chrono::seconds authentication_time{60};  // from LCP's opening
  std::chrono::seconds address_time{30};         // for the address to be found
  std::chrono::seconds echo_interval{30};        // of silence before we ask; 0: never
  unsigned echo_failures = 4;                    // until it is reported
  std::chrono::seconds dead_after{900};          // of silence; telephones sleep. 0: never
};

// What one client is given. Addresses in host order, 0: none.
struct Assigned {
  std::uint32_t address = 0;
  std::array<std::uint32_t, 2> dns{};
  std::array<std::uint32_t, 2> nbns{};
};

}  // namespace espgate::control::ppp
