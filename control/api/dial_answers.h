// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/dial/dial_in.h"

#include <nlohmann/json_fwd.hpp>

namespace espgate::control {

// Answers "who" and "hang up" (control/api/api.h). Throws nlohmann::json::exception for a request of the
// wrong form.
[[nodiscard]] nlohmann::json answer_dial(DialIn& dial_in, const nlohmann::json& request);

}  // namespace espgate::control
