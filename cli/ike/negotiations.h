// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// Control's answer to "why", newest last: how long ago, the exchange, whether it went well, and the text in
// lines of at most `columns` characters. Throws nlohmann::json::exception for an answer of another version.
[[nodiscard]] std::string negotiations_text(const nlohmann::json& negotiations, std::size_t columns);

// Words in lines of at most `columns` characters, `indent` blanks before each; a longer word has its own
// line.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns);

}  // namespace espgate::cli
