// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace espgate::manual {

// An option or a positional argument, as people write it.
struct Argument {
  std::vector<std::string> names;  // "-c", "--config"; of a positional its name alone
  std::string value;               // "FILE"; empty: takes none
  std::vector<std::string> choices;
  std::string text;
  bool positional = false;
  bool required = false;
  bool repeated = false;
};

// A program or one of its commands; what is hidden from help is not here.
struct Command {
  std::string name;  // "espgate session kick"
  std::string text;
  std::vector<Argument> arguments;
  std::vector<Command> commands;
  bool runs = true;  // also by itself, without one of its commands
};

// Reads a grammar off the very object that parses command lines.
[[nodiscard]] Command read_grammar(const CLI::App& app, const std::string& parent = {});

// The sentence of an "Exit codes: 0 done, 1 …." footer as number and meaning.
struct ExitCode {
  std::string number;
  std::string meaning;
};
[[nodiscard]] std::vector<ExitCode> exit_codes(const std::string& footer);

}  // namespace espgate::manual
