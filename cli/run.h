// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

#include <memory>

namespace espgate::cli {

// The grammar of `espgate`; what it has parsed sets `chosen`, which must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(Action& chosen);

// The whole program `espgate`: reads the command line and does what it asks. Returns an ExitCode.
[[nodiscard]] int run(int argc, const char* const* argv, const Output& output);

}  // namespace espgate::cli
