// SPDX-License-Identifier: Apache-2.0
#include "packaging/manual/grammar.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>

namespace espgate::manual {
namespace {

// CLI11 writes a set of values into the type's name: "TEXT:{poll,adaptive}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::istringstream list(type.substr(open + 1, close - open - 1));
  for (std::string each; std::getline(list, each, ',');) choices.push_back(each);
  return choices;
}

Argument read_argument(const CLI::Option& option) {
  Argument argument;
  argument.text = option.get_description();
  argument.required = option.get_required();
  argument.repeated = option.get_expected_max() > 1 || option.get_items_expected_max() > 1;
  argument.positional = option.get_positional();
  if (argument.positional) {
    argument.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) argument.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) argument.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() == 0) return argument;
  const std::string type = option.get_type_name();
  argument.choices = choices_of(type);
  argument.value = argument.choices.empty() ? type.substr(0, type.find_first_of(":[ ")) : "CHOICE";
  if (argument.value.empty()) argument.value = "VALUE";
  return argument;
}

}  // namespace

Command read_grammar(const CLI::App& app, const std::string& parent) {
  Command command;
  command.name = parent.empty() ? app.get_name() : parent + " " + app.get_name();
  command.text = app.get_description();
  command.runs = app.get_require_subcommand_min() == 0;
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty() && (parent.empty() || option != app.get_help_ptr()))
      command.arguments.push_back(read_argument(*option));
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!each->get_group().empty()) command.commands.push_back(read_grammar(*each, command.name));
  return command;
}

std::vector<ExitCode> exit_codes(const std::string& footer) {
  static const std::regex one(R"((\d+) ([^,.]*(?:, (?!\d)[^,.]*)*))");
  std::vector<ExitCode> codes;
  for (std::sregex_iterator at(footer.begin(), footer.end(), one), end; at != end; ++at)
    codes.push_back({(*at)[1], (*at)[2]});
  return codes;
}

}  // namespace espgate::manual
