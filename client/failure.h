// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace espgate::client {

// Why a tunnel did not come up, or is gone.
enum class Cause : std::uint8_t {
  no_answer,       // of the server, to the very first message
  no_proposal,     // phase 1 or 2: nothing that we offered was chosen
  wrong_psk,       // the server's messages are not protected by our pre-shared key, or it can't read ours
  ike_refused,     // the server, or its answers, do not allow going on with IKE
  l2tp_refused,    // L2TP: the server takes no such tunnel or call
  wrong_password,  // PPP: the user is refused
  ppp_refused,     // PPP: no agreement on the link or on an address
  silent,          // the server has stopped to answer
  hung_up,         // the server has ended it
};
// "wrong_psk", as JSON reports have it.
[[nodiscard]] std::string_view to_string(Cause cause);

// For the operator: what was expected and what came, and the remedy, which may be empty. Never holds a key.
struct Failure {
  Cause cause = Cause::no_answer;
  std::string what;
  std::string hint;
};

}  // namespace espgate::client
