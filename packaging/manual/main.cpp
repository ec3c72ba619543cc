// SPDX-License-Identifier: Apache-2.0
// espgate-manual FOLDER MORE-FOLDER: writes man pages (for scdoc) and bash completion of all programs, from
// the same grammars that parse their command lines.
#include "cli/run.h"
#include "client/command_line.h"
#include "control/command_line.h"
#include "dataplane/live/command_line.h"
#include "dataplane/replay/command_line.h"
#include "packaging/manual/completion.h"
#include "packaging/manual/man_page.h"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace {

using namespace espgate;
namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path);
  out << text << std::flush;
  if (!out) throw std::runtime_error(path.string() + " can't be written");
}

void describe(const CLI::App& app, int section, const fs::path& folder, const fs::path& more) {
  const manual::Command program = manual::read_grammar(app);
  const std::string page = program.name + "." + std::to_string(section) + ".scd";
  write(folder / page,
        manual::man_page(program, section, app.get_footer(), read(more / (program.name + ".scd"))));
  write(folder / (program.name + ".bash"), manual::bash_completion(program));
}

void describe_all(const fs::path& folder, const fs::path& more) {
  cli::Action action;
  describe(*cli::make_command_line(action), 8, folder, more);
  dataplane::live::Arguments dataplane;
  describe(*dataplane::live::make_command_line(dataplane), 8, folder, more);
  control::Arguments control;
  describe(*control::make_command_line(control), 8, folder, more);
  client::CommandLine client;
  describe(*client::make_command_line(client), 1, folder, more);
  replay::Command replay;
  describe(*replay::make_command_line(replay), 1, folder, more);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    describe_all(argv[1], argv[2]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "espgate-manual: %s\n", error.what());
    return 1;
  }
}
