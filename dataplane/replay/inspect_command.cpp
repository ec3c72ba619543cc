// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/command.h"
#include "dataplane/replay/inspect.h"

#include <memory>

namespace espgate::replay {

void add_inspect(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("inspect", "who talks to whom, SAs, IKE, gaps and duplicates");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("IN", options->input, "capture (pcap or pcapng), - for standard input")->required();
  command->add_option("--keys", options->key_file,
                      "tells which SAs could be decrypted; any format of decap's");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &chosen] { chosen = [options] { return run_inspect(*options); }; });
}

}  // namespace espgate::replay
