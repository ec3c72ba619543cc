// SPDX-License-Identifier: Apache-2.0
#include "control/command_line.h"

namespace espgate::control {

std::unique_ptr<CLI::App> make_command_line(Arguments& arguments) {
  auto app = std::make_unique<CLI::App>(
      "The control process of espgate: decides who may connect, and tells the data plane.");
  app->name("espgate-control");
  app->set_version_flag("--version", "espgate-control " ESPGATE_VERSION);
  app->footer(
      "Exit codes: 0 ended by SIGINT or SIGTERM, 1 it could not start or go on, 2 wrong usage or an error in "
      "the "
      "configuration.");
  auto* config = app->add_option("-c,--config", arguments.config, "the gateway's configuration")
                     ->check(CLI::ExistingFile);
  app->add_option("--runtime-directory", arguments.runtime_directory,
                  "where the sockets are, instead of the configured one");
  app->add_option("--save-keys", arguments.save_keys,
                  "labs only: append every key of IKE and ESP to Wireshark's tables in this folder");
  app->add_flag("--any-system-call", arguments.any_system_call,
                "without the filter of system calls, for debuggers and sanitizers");
  auto* channel =
      app->add_flag("--channel", arguments.channel,
                    "print the layout of the channel: a data plane whose status has the same can be "
                    "connected to; and end");
  config->excludes(channel);
  app->callback([config, channel] {
    if (config->count() + channel->count() == 0) throw CLI::RequiredError("--config");
  });
  return app;
}

}  // namespace espgate::control
