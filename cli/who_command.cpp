// SPDX-License-Identifier: Apache-2.0
// espgate who, espgate hang-up: users who have dialled in.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/table.h"
#include "cli/units.h"
#include "cli/who.h"

#include <memory>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct HangUpOptions {
  GatewayOptions gateway;
  std::string user;
};

int fail(const Output& output, const std::string& problem) {
  output.err << "espgate: " << problem << '\n';
  return failure;
}

int who(const GatewayOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options);
  if (!client) return fail(output, client.error());
  const auto answer = client->require_control({{"command", "who"}});
  if (!answer) return fail(output, answer.error());
  output.out << (options.json ? json_text(*answer) : who_text(answer->at("lines")));
  return success;
}

// Every line of the user: with sessions = "several" there may be more than one.
int hang_up(const HangUpOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(output, client.error());
  const auto answer = client->require_control({{"command", "who"}});
  if (!answer) return fail(output, answer.error());
  std::size_t ended = 0;
  for (const json& line : lines_of(answer->at("lines"), options.user)) {
    const auto done = client->require_control(
        {{"command", "hang up"}, {"peer_id", line.at("peer_id")}, {"session", line.at("session")}});
    if (!done) return fail(output, done.error());
    ++ended;
  }
  if (ended == 0)
    return fail(output, "no user or address is called \"" + printable(options.user) + "\"; see espgate who");
  output.out << "ended " << ended << (ended == 1 ? " session\n" : " sessions\n");
  return success;
}

}  // namespace

void add_who(CLI::App& app, Action& chosen) {
  CLI::App* list = app.add_subcommand("who", "users who have dialled in, with their addresses");
  auto options = std::make_shared<GatewayOptions>();
  add_gateway_options(*list, *options);
  list->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return who(*options, output); }; });

  CLI::App* end = app.add_subcommand("hang-up", "ends the sessions of a user, who may dial in again");
  auto ended = std::make_shared<HangUpOptions>();
  add_gateway_options(*end, ended->gateway);
  end->add_option("USER", ended->user, "the user's name, or the inner address")->required();
  end->callback(
      [ended, &chosen] { chosen = [ended](const Output& output) { return hang_up(*ended, output); }; });
}

}  // namespace espgate::cli
