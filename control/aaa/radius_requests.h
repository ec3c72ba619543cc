// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_messages.h"
#include "control/aaa/radius_packet.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control::radius {

// What every request says of the gateway.
struct NasIdentity {
  std::string identifier;        // NAS-Identifier
  std::uint32_t ip_address = 0;  // NAS-IP-Address, host order
};

// Of one packet.
struct Envelope {
  std::uint8_t identifier = 0;
  Authenticator random{};  // of an Access-Request
  Octets secret;
};

// Why a server can't be asked this, nullopt: it can. A name or a password that no attribute holds, or an
// empty one.
[[nodiscard]] std::optional<std::string> fault_of(const AccessRequest& request);

// An Access-Request (RFC 2865 §4.1; RFC 2548 §2.3.2 for MS-CHAPv2). nullopt: fault_of() said so.
[[nodiscard]] std::optional<std::vector<std::byte>> access_packet(const AccessRequest& request,
                                                                  const NasIdentity& nas,
                                                                  const Envelope& envelope);

// An Accounting-Request (RFC 2866 §4.1), `delay` after what it tells of, which was at `when`. nullopt: a name
// that no attribute holds.
[[nodiscard]] std::optional<std::vector<std::byte>> accounting_packet(
    const AccountingRecord& record, const NasIdentity& nas, const Envelope& envelope,
    std::chrono::seconds delay, std::chrono::system_clock::time_point when);

}  // namespace espgate::control::radius
