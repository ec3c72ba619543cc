// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/command_line.h"

namespace espgate::replay {

std::unique_ptr<CLI::App> make_command_line(Command& chosen) {
  auto app = std::make_unique<CLI::App>(
      "L2TP/IPsec captures through espgate's packet path: no NIC, no hugepages, no root.");
  app->name("espgate-replay");
  app->require_subcommand(1);
  app->footer(
      "Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 input can't be used or broke off, 4 output "
      "can't be written.");
  add_decap(*app, chosen);
  add_encap(*app, chosen);
  add_inspect(*app, chosen);
  add_send(*app, chosen);
  return app;
}

}  // namespace espgate::replay
