// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// A row for each line of control's answer to "who" (control/api/api.h).
[[nodiscard]] std::string who_text(const nlohmann::json& lines);

// Those of a user's name or of an inner address.
[[nodiscard]] std::vector<nlohmann::json> lines_of(const nlohmann::json& lines, const std::string& user);

}  // namespace espgate::cli
