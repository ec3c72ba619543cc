// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packaging/manual/grammar.h"

namespace espgate::manual {

// What makes bash complete a program's commands, options and their values; needs nothing but bash. Where a
// value is free, bash's own completion of file names goes on.
[[nodiscard]] std::string bash_completion(const Command& program);

}  // namespace espgate::manual
