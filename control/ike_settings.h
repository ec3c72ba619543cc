// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "control/ike/settings.h"

namespace espgate::control {

// What [ike] and the addresses of `config`, which has been checked, mean for the negotiator.
[[nodiscard]] ike::Settings make_ike_settings(const config::Config& config);

}  // namespace espgate::control
