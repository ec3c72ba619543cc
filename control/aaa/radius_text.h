// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_messages.h"
#include "control/aaa/radius_packet.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::control::radius {

// "10.60.0.0/16", "10.60.0.0/16 10.40.0.7", "10.60.0.0/16 0.0.0.0 1 2 -1": a network, a gateway, metrics, of
// which the first counts (RFC 2865 §5.22). Without a length it is that of the address's class, as there.
// nullopt: something else, a network with host bits, or one that no client can have (0.0.0.0/8, loopback,
// multicast).
[[nodiscard]] std::optional<FramedRoute> parse_framed_route(std::string_view text);

// MS-CHAP-Error (RFC 2548 §2.1.5): an identifier that some servers leave out, and the text of a Failure
// packet (RFC 2759 §6), "E=691 R=1 C=… V=3 M=…".
struct MsChapError {
  unsigned error = 0;
  std::string message;  // M=, to the end; empty: none
};
[[nodiscard]] std::optional<MsChapError> parse_ms_chap_error(Octets value);

// MS-CHAP2-Success (RFC 2548 §2.3.3): an identifier and the text of a Success packet, "S=… M=…".
struct MsChap2Success {
  std::uint8_t identifier = 0;
  std::string response;  // "S=" and 40 hexadecimal digits
  std::string message;
};
[[nodiscard]] std::optional<MsChap2Success> parse_ms_chap2_success(Octets value);

}  // namespace espgate::control::radius
