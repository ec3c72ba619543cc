// SPDX-License-Identifier: Apache-2.0
#include "packaging/manual/man_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace espgate::manual {
namespace {

// What scdoc would take for formatting.
std::string plain(const std::string& text) {
  std::string escaped;
  for (const char each : text) {
    if (each == '\n') {
      escaped += ' ';
      continue;
    }
    if (each == '*' || each == '_' || each == '\\' || each == '#' || each == '`') escaped += '\\';
    escaped += each;
  }
  return escaped;
}

std::string bold(const std::string& text) { return "*" + plain(text) + "*"; }
std::string slanted(const std::string& text) { return "_" + plain(text) + "_"; }

std::string synopsis(const Command& command) {
  std::string line = bold(command.name);
  bool options = false;
  for (const Argument& each : command.arguments) {
    if (each.positional) continue;
    if (!each.required) {
      options = true;
      continue;
    }
    line += fmt::format(" {} {}", bold(each.names.back()), slanted(each.value));
  }
  if (options) line += " [_OPTIONS_]";
  for (const Argument& each : command.arguments) {
    if (!each.positional) continue;
    const std::string dots = each.repeated ? "..." : "";
    line += each.required ? fmt::format(" {}{}", slanted(each.names.back()), dots)
                          : fmt::format(" [{}{}]", slanted(each.names.back()), dots);
  }
  return line;
}

void add_synopses(const Command& command, std::string& page) {
  if (command.runs) page += synopsis(command) + "\n\n";
  for (const Command& each : command.commands) add_synopses(each, page);
}

std::string argument_text(const Argument& argument) {
  std::vector<std::string> names;
  names.reserve(argument.names.size());
  for (const std::string& name : argument.names)
    names.push_back(argument.positional ? slanted(name) : bold(name));
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (!argument.positional && !argument.value.empty()) text += " " + slanted(argument.value);
  text += "\n\t" + (argument.text.empty() ? std::string("see above") : plain(argument.text));
  if (!argument.choices.empty())
    text += fmt::format(". One of {}", plain(fmt::format("{}", fmt::join(argument.choices, ", "))));
  if (argument.repeated && !argument.positional) text += ". May be given several times";
  if (argument.required) text += ". Required";
  return text + "\n\n";
}

void add_commands(const Command& command, std::string& page) {
  for (const Command& each : command.commands) {
    page += fmt::format("## {}\n\n{}\n\n{}.\n\n", plain(each.name.substr(each.name.find(' ') + 1)),
                        synopsis(each), plain(each.text));
    for (const Argument& argument : each.arguments) page += argument_text(argument);
    add_commands(each, page);
  }
}

}  // namespace

std::string man_page(const Command& program, int section, const std::string& footer,
                     const std::string& more) {
  std::string page = fmt::format("{}({}) \"espgate {}\" \"espgate\"\n\n# NAME\n\n{} - {}\n\n# SYNOPSIS\n\n",
                                 program.name, section, ESPGATE_VERSION, program.name,
                                 plain(program.text.substr(0, program.text.find_last_not_of('.') + 1)));
  add_synopses(program, page);
  page += "# OPTIONS\n\n";
  for (const Argument& argument : program.arguments) page += argument_text(argument);
  if (!program.commands.empty()) page += "# COMMANDS\n\n";
  add_commands(program, page);
  page += more;
  page += "# EXIT STATUS\n\n";
  for (const ExitCode& code : exit_codes(footer))
    page += fmt::format("*{}*\n\t{}\n\n", code.number, plain(code.meaning));
  return page;
}

}  // namespace espgate::manual
