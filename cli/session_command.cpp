// SPDX-License-Identifier: Apache-2.0
// espgate session, espgate session kick: who is connected, in one row each, and ending it.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/session/session_rows.h"
#include "cli/table.h"

#include <memory>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct SessionOptions {
  GatewayOptions gateway;
  SessionView view;
};

struct KickOptions {
  GatewayOptions gateway;
  std::string user;
};

int fail(const Output& output, const std::string& problem) {
  output.err << "espgate: " << problem << '\n';
  return failure;
}

// Either process may be missing: the rows are what the other knows. Error: both are.
tl::expected<std::vector<json>, std::string> ask_rows(const GatewayClient& client) {
  const auto control = client.require_control({{"command", "who"}});
  const auto dataplane = client.ask({{"command", "session"}});
  if (!control && !dataplane) return tl::unexpected(dataplane.error());
  json sessions = dataplane ? dataplane->value("sessions", json::array()) : json::array();
  add_names(peer_names(client), sessions);
  return session_rows(control ? control->value("lines", json::array()) : json::array(), sessions);
}

int show(const SessionOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(output, client.error());
  auto rows = ask_rows(*client);
  if (!rows) return fail(output, rows.error());
  if (const auto arranged = arrange(*rows, options.view); !arranged) {
    output.err << "espgate: " << arranged.error() << '\n';
    return usage_error;
  }
  output.out << (options.gateway.json ? json_text({{"sessions", *rows}})
                                      : session_table(*rows, options.view));
  return success;
}

// Every session of the user: there may be several.
int kick(const KickOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(output, client.error());
  const auto answer = client->require_control({{"command", "who"}});
  if (!answer) return fail(output, answer.error());
  const auto rows = rows_of(session_rows(answer->value("lines", json::array()), json::array()), options.user);
  if (rows.empty())
    return fail(output,
                "no user or address is called \"" + printable(options.user) + "\"; see espgate session");
  for (const json& row : rows) {
    const auto done = client->require_control(
        {{"command", "hang up"}, {"peer_id", row.at("peer_id")}, {"session", row.at("session")}});
    if (!done) return fail(output, done.error());
  }
  output.out << "ended " << rows.size() << (rows.size() == 1 ? " session\n" : " sessions\n");
  return success;
}

}  // namespace

void add_session(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("session", "who is connected: user, addresses, SA, traffic");
  auto options = std::make_shared<SessionOptions>();
  add_gateway_options(*command, options->gateway);
  command
      ->add_option("--columns", options->view.columns, "these, or all; there are: " + session_column_names())
      ->delimiter(',');
  command->add_option("--sort", options->view.sort, "by this column; --sort=-COLUMN: the largest first");
  command->add_option("--match", options->view.match,
                      "only rows with TEXT somewhere, or COLUMN=TEXT, where * and ? stand for anything");
  command->callback([options, command, &chosen] {
    if (command->get_subcommands().empty())
      chosen = [options](const Output& output) { return show(*options, output); };
  });

  CLI::App* end = command->add_subcommand("kick", "ends the sessions of a user, who may dial in again");
  auto kicked = std::make_shared<KickOptions>();
  add_gateway_options(*end, kicked->gateway);
  end->add_option("USER", kicked->user, "the user's name, or the inner address")->required();
  end->callback(
      [kicked, &chosen] { chosen = [kicked](const Output& output) { return kick(*kicked, output); }; });
}

}  // namespace espgate::cli
