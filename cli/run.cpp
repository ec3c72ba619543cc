// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <exception>

namespace espgate::cli {

std::unique_ptr<CLI::App> make_command_line(Action& chosen) {
  auto app = std::make_unique<CLI::App>("The L2TP/IPsec gateway's one command for people.");
  app->name("espgate");
  app->set_version_flag("--version", "espgate " ESPGATE_VERSION);
  app->require_subcommand(1);
  app->footer("Exit codes: 0 done, 1 the answer is no or it could not be done, 2 wrong usage.");
  for (const AddCommand add : commands()) add(*app, chosen);
  return app;
}

int run(int argc, const char* const* argv, const Output& output) {
  Action chosen;
  const auto app = make_command_line(chosen);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error, output.out, output.err) == 0 ? success : usage_error;
  }
  try {
    return chosen(output);
  } catch (const std::exception& error) {
    output.err << "espgate: " << error.what() << '\n';
    return failure;
  }
}

}  // namespace espgate::cli
