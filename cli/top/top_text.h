// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// What the gateway's counters were at one moment: the answers to status, session (with names) and drops.
struct Sample {
  nlohmann::json status, session, drops;
};

// How busy the gateway was between two samples, `seconds` apart: links, workers, who had the most traffic,
// what was dropped. At most `most_sessions` of the sessions.
[[nodiscard]] std::string top_text(const Sample& before, const Sample& now, double seconds,
                                   std::size_t most_sessions);

}  // namespace espgate::cli
