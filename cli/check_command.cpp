// SPDX-License-Identifier: Apache-2.0
// espgate check: whether a configuration can work, and what the gateway would do with it.
#include "cli/command.h"
#include "cli/host.h"
#include "cli/host_warnings.h"
#include "cli/problems_json.h"
#include "cli/summary.h"
#include "config/load.h"

#include <memory>
#include <string>

namespace espgate::cli {
namespace {

struct CheckOptions {
  std::string file;
  bool json = false;
};

void print_json(const Output& output, const std::string& file, const config::Problems& problems,
                const config::Config* config) {
  nlohmann::ordered_json report = problems_json(problems);
  report["file"] = file;
  if (config != nullptr) report["summary"] = summary_json(*config);
  output.out << dump(report) << '\n';
}

int refuse(const CheckOptions& options, const config::Problems& problems, const Output& output) {
  if (options.json) {
    print_json(output, options.file, problems, nullptr);
  } else {
    const std::size_t count = problems.errors.size();
    output.err << problems.to_string() << options.file << ": " << count << (count == 1 ? " error" : " errors")
               << '\n';
  }
  return failure;
}

int check(const CheckOptions& options, const Output& output) {
  auto loaded = config::load(options.file);
  if (!loaded) return refuse(options, loaded.error(), output);
  config::Problems problems;
  problems.warnings = std::move(loaded->warnings);
  add_host_warnings(loaded->config, Host(), problems);
  if (options.json) {
    print_json(output, options.file, problems, &loaded->config);
    return success;
  }
  output.err << problems.to_string();
  output.out << summary_text(loaded->config);
  return success;
}

}  // namespace

void add_check(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("check", "whether a configuration can work, and what the gateway would do");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("FILE", options->file, "configuration file (TOML)")->required();
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return check(*options, output); }; });
}

}  // namespace espgate::cli
