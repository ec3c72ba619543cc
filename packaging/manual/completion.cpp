// SPDX-License-Identifier: Apache-2.0
#include "packaging/manual/completion.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace espgate::manual {
namespace {

// "espgate session kick" as "session kick"; the program itself as nothing.
std::string path_of(const Command& command) {
  const std::size_t blank = command.name.find(' ');
  return blank == std::string::npos ? std::string() : command.name.substr(blank + 1);
}

void add_paths(const Command& command, std::vector<std::string>& paths) {
  for (const Command& each : command.commands) {
    paths.push_back('"' + path_of(each) + '"');
    add_paths(each, paths);
  }
}

void add_values(const Command& command, std::string& script) {
  for (const Argument& each : command.arguments) {
    if (each.positional || each.value.empty()) continue;
    std::vector<std::string> patterns;
    patterns.reserve(each.names.size());
    for (const std::string& name : each.names)
      patterns.push_back(fmt::format("\"{}:{}\"", path_of(command), name));
    script += fmt::format("    {}) ", fmt::join(patterns, " | "));
    // Nothing in COMPREPLY: complete -o default then offers files.
    script += each.choices.empty()
                  ? "return"
                  : fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\"); return",
                                fmt::join(each.choices, " "));
    script += " ;;\n";
  }
  for (const Command& each : command.commands) add_values(each, script);
}

void add_words(const Command& command, std::string& script) {
  std::vector<std::string> words;
  words.reserve(command.commands.size());
  for (const Command& each : command.commands) words.push_back(each.name.substr(each.name.rfind(' ') + 1));
  for (const Argument& each : command.arguments)
    if (!each.positional) words.insert(words.end(), each.names.begin(), each.names.end());
  script += fmt::format("    \"{}\") words='{}' ;;\n", path_of(command), fmt::join(words, " "));
  for (const Command& each : command.commands) add_words(each, script);
}

}  // namespace

std::string bash_completion(const Command& program) {
  std::string function = "_" + program.name;
  std::replace(function.begin(), function.end(), '-', '_');
  std::string script = fmt::format(
      "# bash completion of {}, made from its grammar\n"
      "{}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} path= longer= "
      "words= i\n",
      program.name, function);
  std::vector<std::string> paths;
  add_paths(program, paths);
  if (!paths.empty())
    script += fmt::format(
        "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    longer=\"${{path:+$path }}${{COMP_WORDS[i]}}\"\n"
        "    case \"$longer\" in\n"
        "    {}) path=$longer ;;\n"
        "    esac\n"
        "  done\n",
        fmt::join(paths, " | "));
  script += "  COMPREPLY=()\n  case \"$path:$previous\" in\n";
  add_values(program, script);
  script += "  esac\n  case \"$path\" in\n";
  add_words(program, script);
  script += fmt::format(
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "}}\n"
      "complete -o default -F {} {}\n",
      function, program.name);
  return script;
}

}  // namespace espgate::manual
