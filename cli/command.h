// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <ostream>
#include <span>

#include <CLI/CLI.hpp>

namespace espgate::cli {

// What every command of `espgate` returns to its caller.
enum ExitCode : int {
  success = 0,
  failure = 1,      // it was done, and the answer is no; or it could not be done
  usage_error = 2,  // the command line asks for something that can't be
};

// Where a command writes: standard output and error, or a test's strings.
struct Output {
  std::ostream& out;
  std::ostream& err;
};

// What the command line asked for, ready to be done. Returns an ExitCode.
using Action = std::function<int(const Output&)>;

// A subcommand: adds itself with its options to `app`; when the command line names it, `chosen` becomes what
// it does.
using AddCommand = void (*)(CLI::App& app, Action& chosen);

// All of them, in the order of the help. A new subcommand is a file NAME_command.cpp with one such function,
// declared here and listed in commands.cpp.
[[nodiscard]] std::span<const AddCommand> commands();

void add_check(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_up(CLI::App& app, Action& chosen);
void add_show(CLI::App& app, Action& chosen);  // status, peer, sa and others like them
void add_ike(CLI::App& app, Action& chosen);
void add_why(CLI::App& app, Action& chosen);
void add_session(CLI::App& app, Action& chosen);
void add_maintenance(CLI::App& app, Action& chosen);  // drain, reload
void add_log(CLI::App& app, Action& chosen);
void add_drops(CLI::App& app, Action& chosen);
void add_top(CLI::App& app, Action& chosen);
void add_perf(CLI::App& app, Action& chosen);
void add_trace(CLI::App& app, Action& chosen);
void add_capture(CLI::App& app, Action& chosen);
void add_import(CLI::App& app, Action& chosen);
void add_user(CLI::App& app, Action& chosen);

}  // namespace espgate::cli
