// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/command_line.h"

namespace espgate::dataplane::live {

std::unique_ptr<CLI::App> make_command_line(Arguments& arguments) {
  auto app = std::make_unique<CLI::App>("The data plane of espgate: owns the ports and forwards.");
  app->name("espgate-dataplane");
  app->set_version_flag("--version", "espgate-dataplane " ESPGATE_VERSION);
  app->footer(
      "Exit codes: 0 ended by SIGINT or SIGTERM, 1 it could not start or go on, 2 wrong usage or an error in "
      "the "
      "configuration.");
  app->add_option("-c,--config", arguments.config, "the gateway's configuration")->required();
  app->add_option("--runtime-directory", arguments.runtime_directory,
                  "where the sockets go, instead of the configured one");
  return app;
}

}  // namespace espgate::dataplane::live
