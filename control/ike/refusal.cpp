// SPDX-License-Identifier: Apache-2.0
#include "control/ike/refusal.h"

namespace espgate::control::ike {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::malformed:
      return "malformed";
    case Reason::unknown_version:
      return "unknown_version";
    case Reason::unknown_exchange:
      return "unknown_exchange";
    case Reason::unknown_cookies:
      return "unknown_cookies";
    case Reason::wrong_address:
      return "wrong_address";
    case Reason::offer_too_large:
      return "offer_too_large";
    case Reason::half_open_limit:
      return "half_open_limit";
    case Reason::no_proposal:
      return "no_proposal";
    case Reason::aggressive_refused:
      return "aggressive_refused";
    case Reason::no_psk:
      return "no_psk";
    case Reason::bad_key_exchange:
      return "bad_key_exchange";
    case Reason::too_busy:
      return "too_busy";
    case Reason::authentication_failed:
      return "authentication_failed";
    case Reason::timeout:
      return "timeout";
    case Reason::bad_hash:
      return "bad_hash";
    case Reason::not_encrypted:
      return "not_encrypted";
    case Reason::no_sa_proposal:
      return "no_sa_proposal";
    case Reason::tunnel_mode:
      return "tunnel_mode";
    case Reason::ip_compression:
      return "ip_compression";
    case Reason::bad_selectors:
      return "bad_selectors";
    case Reason::bad_network:
      return "bad_network";
    case Reason::too_many_exchanges:
      return "too_many_exchanges";
    case Reason::no_slot:
      return "no_slot";
    case Reason::not_installed:
      return "not_installed";
    case Reason::bad_fragment:
      return "bad_fragment";
    case Reason::repeated_message_id:
      return "repeated_message_id";
  }
  return "unknown";
}

}  // namespace espgate::control::ike
