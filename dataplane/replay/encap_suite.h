// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/suite.h"
#include "dataplane/replay/error.h"

#include <string_view>

namespace espgate::replay {

// A suite by its name. Error: usage at `option`, with the names that come nearest.
[[nodiscard]] Expected<crypto::SuiteId> parse_suite(std::string_view option, std::string_view name);

}  // namespace espgate::replay
