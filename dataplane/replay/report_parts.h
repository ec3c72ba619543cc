// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/worker_stats.h"

#include <string>

#include <nlohmann/json.hpp>

namespace espgate::replay {

// The table of drops by reason, for people; "none" where there are none.
[[nodiscard]] std::string drops_text(const dataplane::WorkerStats& stats);

// {reason: count} for every reason that occurred.
[[nodiscard]] nlohmann::ordered_json drops_json(const dataplane::WorkerStats& stats);

// "AMD EPYC 9R14": the CPU's own words.
[[nodiscard]] std::string cpu_model();

}  // namespace espgate::replay
