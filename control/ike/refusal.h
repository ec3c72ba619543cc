// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/isakmp_payloads.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace espgate::control::ike {

// Why a datagram or a negotiation went no further. Each has a counter.
enum class Reason : std::uint8_t {
  malformed,              // does not parse, or a payload is missing or too much
  unknown_version,        // not IKE version 1
  unknown_exchange,       // an exchange that we do not have
  unknown_cookies,        // of no IKE SA of ours
  wrong_address,          // a message of main mode from elsewhere than the ones before
  offer_too_large,        // an SA payload that a half-open record can't hold
  half_open_limit,        // an older half-open record had to go for a newer one
  no_proposal,            // nothing acceptable in phase 1
  aggressive_refused,     // aggressive mode, and ike.legacy does not name it
  no_psk,                 // no pre-shared key for that address
  bad_key_exchange,       // a public value of another length or none of the group
  too_busy,               // as many Diffie-Hellman computations are waiting as may
  authentication_failed,  // no pre-shared key opens the fifth message
  timeout,                // the next message did not come
  bad_hash,               // a protected message whose HASH is wrong
  not_encrypted,          // a message that should be
  no_sa_proposal,         // nothing acceptable in phase 2
  tunnel_mode,            // phase 2 in tunnel mode
  ip_compression,         // IPComp demanded
  bad_selectors,          // not udp/1701 at our side
  bad_network,            // the inner address is outside allowed_client_networks
  too_many_exchanges,     // more at once, or in all, than an IKE SA may have
  no_slot,                // the data plane has no room for another SA pair
  not_installed,          // the data plane did not take the SAs
  bad_fragment,           // a FRAGMENT that fits no message, or too many
  repeated_message_id,    // a phase 2 exchange that was there before
};
inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::repeated_message_id) + 1;

// As in JSON and metrics: "no_proposal".
[[nodiscard]] std::string_view to_string(Reason reason);

struct Refusal {
  Reason reason;
  std::string text;  // what was expected, what came, and the remedy
  std::optional<wire::IsakmpNotifyType> notify = std::nullopt;  // what the peer is told, if anything
};

template <typename T>
using Expected = tl::expected<T, Refusal>;

[[nodiscard]] inline tl::unexpected<Refusal> refuse(
    Reason reason, std::string text, std::optional<wire::IsakmpNotifyType> notify = std::nullopt) {
  return tl::unexpected(Refusal{reason, std::move(text), notify});
}

using RefusalCounters = std::array<std::uint64_t, reason_count>;

}  // namespace espgate::control::ike
