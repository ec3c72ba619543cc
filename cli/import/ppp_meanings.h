// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace espgate::openswan {

// An option of pppd's.
struct PppMeaning {
  // What becomes of it: it goes somewhere (ppp_translation.cpp), it is always so here, or it can't be had.
  enum class Kind : unsigned char { carried, same, lost };
  std::string_view name;
  unsigned arguments;  // words behind it
  Kind kind;
  std::string_view text;
};

// nullptr: nobody has thought about this option.
[[nodiscard]] const PppMeaning* find_ppp_meaning(std::string_view name);

}  // namespace espgate::openswan
