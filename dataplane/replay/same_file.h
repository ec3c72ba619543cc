// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace espgate::replay {

// Whether two paths of a command line name one file, by links or not; "-" is only itself. Devices (/dev/null)
// may be named twice, so they are never the same; a file that is not there yet is told by its path.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b);

}  // namespace espgate::replay
