// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"

#include <string>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// What the gateway would do with a configuration, on one screen. No keys.
[[nodiscard]] std::string summary_text(const config::Config& config);
[[nodiscard]] nlohmann::ordered_json summary_json(const config::Config& config);

}  // namespace espgate::cli
