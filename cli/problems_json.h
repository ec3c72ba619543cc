// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/problem.h"

#include <string>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// {"ok": false, "errors": [{"file": "gateway.toml", "line": 14, "column": 9, "what": "…", "hint": "…"}],
// "warnings": []}
[[nodiscard]] nlohmann::ordered_json problems_json(const config::Problems& problems);

// Indented text; bytes that are no UTF-8 (a file may be called anything) become U+FFFD.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& json);

}  // namespace espgate::cli
