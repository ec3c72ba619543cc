// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"

#include <functional>

#include <CLI/CLI.hpp>

namespace espgate::replay {

// What the command line asked for, ready to be done.
using Command = std::function<Expected<void>()>;

// Each adds its subcommand with its options to `app`; when the command line names it, `chosen` becomes what
// it does.
void add_decap(CLI::App& app, Command& chosen);
void add_encap(CLI::App& app, Command& chosen);
void add_inspect(CLI::App& app, Command& chosen);
void add_send(CLI::App& app, Command& chosen);

}  // namespace espgate::replay
