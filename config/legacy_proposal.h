// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/ike.h"

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace espgate::config {

// "3des-sha1-modp1024". Error: what is wrong with it, and what is allowed. So is a proposal that needs no
// permission: AES with SHA1 or SHA2 and a group of 2048 bits, or on a curve.
[[nodiscard]] tl::expected<LegacyProposal, std::string> parse_legacy_proposal(std::string_view token);

}  // namespace espgate::config
