// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace espgate::control {

// What the command line of espgate-control says.
struct Arguments {
  std::string config;
  std::string runtime_directory;  // empty: the configured one
  std::string save_keys;          // empty: keys are saved nowhere
  bool any_system_call = false;   // no filter of system calls
  bool channel = false;           // say which data planes this fits, and end
};

// The grammar, which fills `arguments`. They must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(Arguments& arguments);

}  // namespace espgate::control
