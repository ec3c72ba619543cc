// SPDX-License-Identifier: Apache-2.0
#include "client/failure.h"

namespace espgate::client {

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::no_answer:
      return "no_answer";
    case Cause::no_proposal:
      return "no_proposal";
    case Cause::wrong_psk:
      return "wrong_psk";
    case Cause::ike_refused:
      return "ike_refused";
    case Cause::l2tp_refused:
      return "l2tp_refused";
    case Cause::wrong_password:
      return "wrong_password";
    case Cause::ppp_refused:
      return "ppp_refused";
    case Cause::silent:
      return "silent";
    case Cause::hung_up:
      return "hung_up";
  }
  return "unknown";
}

}  // namespace espgate::client
