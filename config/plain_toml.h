// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/problem.h"

#include <optional>
#include <string_view>

namespace espgate::config {

// A look at a text before the TOML library gets it. Refused is what no configuration needs and what
// version 3.3 of the library does not stand: characters beyond ASCII where it looks for blanks (they reach
// code that must not be reached), which are those outside of strings and comments, in strings over several
// lines and in strings right behind a word; and keys of more than 64 parts (its trees are walked
// recursively). `masked` is a MaskedText's text. nullopt: nothing of that kind before the first place that is
// no TOML at all.
[[nodiscard]] std::optional<Problem> beyond_plain_toml(std::string_view masked, std::string_view file_name);

}  // namespace espgate::config
