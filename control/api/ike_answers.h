// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike_service.h"

#include <nlohmann/json_fwd.hpp>

namespace espgate::control {

// Answers "ike", "ike down" and "why" (control/api/api.h). Never says a key. Throws
// nlohmann::json::exception for a request of the wrong form.
[[nodiscard]] nlohmann::json answer_ike(IkeService& service, const nlohmann::json& request);

// For "status": clients, negotiations under way, refusals by reason.
[[nodiscard]] nlohmann::json summarise_ike(const IkeService& service);

}  // namespace espgate::control
