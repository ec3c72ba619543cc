// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace espgate::channel {

// One line of JSON with its end. What is not UTF-8 in a string is replaced, not refused.
[[nodiscard]] std::string json_line(const nlohmann::json& value);

// Answers the request in `line` (without its end): what `answer` gives, with "ok": true unless it says
// otherwise; or
// {"ok": false, "error": …} for what is no JSON object, nests too deep, or makes `answer` throw.
[[nodiscard]] std::string answer_json_line(
    std::string_view line, const std::function<nlohmann::json(const nlohmann::json&)>& answer);

}  // namespace espgate::channel
