// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/dial/dial_options.h"
#include "client/options.h"

#include <memory>

#include <CLI/CLI.hpp>

namespace espgate::client {

// What the command line of espgate-client says.
struct CommandLine {
  Options options;
  OptionTexts texts;
  dial::DialOptions dial;
};

// The grammar, which fills `into`. That must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(CommandLine& into);

}  // namespace espgate::client
