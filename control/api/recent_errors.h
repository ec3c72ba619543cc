// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace espgate::control {

// The last warnings and errors of the log, for `status`. Of the whole process.
void keep_recent_errors();
[[nodiscard]] std::vector<std::string> recent_errors();

}  // namespace espgate::control
