// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace espgate::config {

// Text out of a file, for a message: control characters, which a terminal would obey, as \x1b; cut when very
// long.
[[nodiscard]] std::string printable(std::string_view text);
// The same in double quotes.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace espgate::config
