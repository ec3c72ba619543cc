// SPDX-License-Identifier: Apache-2.0
// espgate up: both processes of a gateway in the foreground, for people; services are systemd's.
#include "cli/command.h"
#include "cli/up/supervisor.h"
#include "config/load.h"

#include <memory>

#include <fmt/format.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

struct UpOptions {
  std::string configuration;
  std::string runtime_directory;
  std::string programs;  // where they are; empty: beside this one
};

// Error: which program is not where it should be.
tl::expected<std::vector<Program>, std::string> programs(const UpOptions& options,
                                                         const std::filesystem::path& sockets) {
  std::error_code error;
  const std::filesystem::path folder =
      options.programs.empty() ? std::filesystem::read_symlink("/proc/self/exe", error).parent_path()
                               : std::filesystem::path(options.programs);
  std::vector<std::string> arguments = {"-c", options.configuration};
  if (!options.runtime_directory.empty())
    arguments.insert(arguments.end(), {"--runtime-directory", options.runtime_directory});
  std::vector<Program> both = {
      {"dataplane", folder / "espgate-dataplane", arguments, sockets / "dataplane.sock"},
      {"control", folder / "espgate-control", arguments, sockets / "control.sock"},
  };
  for (const Program& program : both)
    if (::access(program.executable.c_str(), X_OK) != 0)
      return tl::unexpected(fmt::format("{} is not there, or may not be executed; it belongs beside espgate",
                                        program.executable.string()));
  return both;
}

int up(const UpOptions& options, const Output& output) {
  const auto loaded = config::load(options.configuration);
  if (!loaded) {
    output.err << loaded.error().to_string() << "espgate: nothing was started; espgate check "
               << options.configuration << " says the same\n";
    return failure;
  }
  std::filesystem::path sockets = loaded->config.runtime_directory;
  if (!options.runtime_directory.empty()) sockets = options.runtime_directory;
  auto both = programs(options, sockets);
  if (!both) {
    output.err << "espgate: " << both.error() << '\n';
    return failure;
  }
  return Supervisor(std::move(*both), output.err, {}).run() ? success : failure;
}

}  // namespace

void add_up(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("up", "run the gateway in the foreground, until Ctrl-C");
  auto options = std::make_shared<UpOptions>();
  command->add_option("-c,--config", options->configuration, "the gateway's configuration")->required();
  command->add_option("--runtime-directory", options->runtime_directory,
                      "where the sockets go, instead of the configured one");
  command->add_option("--programs", options->programs, "where espgate-dataplane and espgate-control are")
      ->group("");
  command->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return up(*options, output); }; });
}

}  // namespace espgate::cli
