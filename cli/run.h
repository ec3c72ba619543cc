// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace espgate::cli {

// The whole program `espgate`: reads the command line and does what it asks. Returns an ExitCode.
[[nodiscard]] int run(int argc, const char* const* argv, const Output& output);

}  // namespace espgate::cli
