// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "control/l2tp/settings.h"
#include "control/ppp/settings.h"

namespace espgate::control {

// What [l2tp] and [ppp] say, as the protocols' cores want it.
[[nodiscard]] l2tp::Settings l2tp_settings(const config::Config& config);
[[nodiscard]] ppp::Settings ppp_settings(const config::Config& config);

}  // namespace espgate::control
