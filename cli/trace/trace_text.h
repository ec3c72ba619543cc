// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// One packet's way through the stages, for people: where it came in, what is known of it, what each stage
// left of it, and what became of it. `number`: which packet of the trace it is.
[[nodiscard]] std::string trace_text(const nlohmann::json& trace, std::uint64_t number);

}  // namespace espgate::cli
