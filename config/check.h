// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/places.h"
#include "config/problem.h"

namespace espgate::config {

// Whether the settings fit together: errors for what cannot work, warnings for what probably should not.
// Reads nothing of the machine it runs on, so that a file can be checked anywhere.
[[nodiscard]] Problems check(const Config& config, const Places& places);

}  // namespace espgate::config
