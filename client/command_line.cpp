// SPDX-License-Identifier: Apache-2.0
#include "client/command_line.h"

namespace espgate::client {

std::unique_ptr<CLI::App> make_command_line(CommandLine& into) {
  auto app = std::make_unique<CLI::App>(
      "An L2TP/IPsec client for labs: dials a server, or has static keys as a gateway's static peer.");
  app->name("espgate-client");
  app->footer(
      "Exit codes: 0 ended by SIGINT or SIGTERM, 1 internal error, 2 wrong usage, 3 configuration, 4 system, "
      "5 the server does not answer, 6 IKE, 7 L2TP or PPP, 8 the user is refused, 9 the server hung up, "
      "10 some of many clients have no tunnel.");
  add_options(*app, into.options, into.texts);
  add_dial_options(*app, into.dial);
  return app;
}

}  // namespace espgate::client
