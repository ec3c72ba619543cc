// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/isakmp.h"

#include <cstdint>
#include <string>
#include <vector>

namespace espgate::replay {

// What the numbers of IKE mean to people. A number without a name reads "exchange 77".

// "main mode", "quick mode", "IKE_AUTH".
[[nodiscard]] std::string exchange_name(wire::IsakmpExchange exchange);
// "NO-PROPOSAL-CHOSEN": RFC 2408 §3.14.1, and what IKEv1's extensions add.
[[nodiscard]] std::string notify_name(std::uint16_t type);
// "RFC 3947", "Windows (ISAKMPOAKLEY 9)"; the first bytes in hexadecimal where it isn't known. `body` of a
// vendor id payload.
[[nodiscard]] std::string vendor_name(wire::Bytes body);

// The transforms of a phase-1 SA payload of version 1, in order: "aes256-sha1-modp2048 psk 10800 s". An error
// is that of a walk that went beyond the payload.
[[nodiscard]] wire::Expected<std::vector<std::string>> phase1_transforms(wire::Bytes sa_body);

}  // namespace espgate::replay
