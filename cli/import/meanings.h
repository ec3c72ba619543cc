// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace espgate::openswan {

// What a setting that has no counterpart here comes to.
struct Meaning {
  std::string_view key;
  // Values, with blanks between them, for which nothing changes, "no 0 off"; "*": all; empty: none.
  std::string_view same_values;
  std::string_view text;
};

// nullptr: nobody has thought about this key.
[[nodiscard]] const Meaning* find_meaning(std::string_view key);
// Whether things are here as this value has them.
[[nodiscard]] bool means_the_same(const Meaning& meaning, std::string_view value);

}  // namespace espgate::openswan
