// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace espgate::dataplane::live {

// What the command line of espgate-dataplane says.
struct Arguments {
  std::string config;
  std::string runtime_directory;  // empty: the configured one
};

// The grammar, which fills `arguments`. They must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(Arguments& arguments);

}  // namespace espgate::dataplane::live
