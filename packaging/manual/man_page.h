// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packaging/manual/grammar.h"

namespace espgate::manual {

// A manual page in the language of scdoc(5). `section`: 1 or 8; `footer`: of the program's help; `more`:
// sections that only people can write, in the same language.
[[nodiscard]] std::string man_page(const Command& program, int section, const std::string& footer,
                                   const std::string& more);

}  // namespace espgate::manual
