// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// The answer to "drops" as a table, with a line on what to do under each reason. `before`, if there is one,
// is the answer `seconds` ago, for rates. `all`: also reasons that never happened.
[[nodiscard]] std::string drops_text(const nlohmann::json& answer, const nlohmann::json* before,
                                     double seconds, bool all);

}  // namespace espgate::cli
