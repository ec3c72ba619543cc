// SPDX-License-Identifier: Apache-2.0
// espgate ike list, show, down: clients by IKE and their SAs.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/ike/clients.h"
#include "cli/table.h"

#include <memory>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct IkeOptions {
  GatewayOptions gateway;
  std::string client;
};
// What is done with the clients that control told of. Error: a line for people.
using Work = tl::expected<std::string, std::string> (*)(const IkeOptions&, const GatewayClient&,
                                                        const json& clients);

tl::expected<std::string, std::string> list(const IkeOptions& options, const GatewayClient&,
                                            const json& clients) {
  return options.gateway.json ? json_text({{"clients", clients}}) : clients_text(clients);
}

tl::expected<std::string, std::string> show(const IkeOptions& options, const GatewayClient&,
                                            const json& clients) {
  const auto client = find_client(clients, options.client);
  if (!client) return tl::unexpected(client.error());
  return options.gateway.json ? json_text({{"client", *client}}) : client_text(*client);
}

tl::expected<std::string, std::string> down(const IkeOptions& options, const GatewayClient& gateway,
                                            const json& clients) {
  const auto client = find_client(clients, options.client);
  if (!client) return tl::unexpected(client.error());
  const auto answer = gateway.require_control({{"command", "ike down"}, {"peer_id", client->at("peer_id")}});
  if (!answer) return tl::unexpected(answer.error());
  if (options.gateway.json) return json_text(*answer);
  return printable("client " + client->at("peer_id").dump() + ", " +
                   client->at("identity").get<std::string>() + " at " + endpoint_text(client->at("remote")) +
                   ", is down; it may dial again") +
         '\n';
}

int ask(const IkeOptions& options, Work work, const Output& output) {
  const auto fail = [&](const std::string& why) {
    output.err << "espgate: " << why << (why.ends_with('\n') ? "" : "\n");
    return failure;
  };
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(client.error());
  const auto answer = client->require_control({{"command", "ike"}});
  if (!answer) return fail(answer.error());
  const auto text = work(options, *client, answer->at("clients"));
  if (!text) return fail(text.error());
  output.out << *text;
  return success;
}

void add(CLI::App& ike, const char* name, const char* help, bool of_one, Work work, Action& chosen) {
  CLI::App* command = ike.add_subcommand(name, help);
  auto options = std::make_shared<IkeOptions>();
  add_gateway_options(*command, options->gateway);
  if (of_one) {
    command
        ->add_option("CLIENT", options->client,
                     "its id, outside address, address:port, or identity if only one has it")
        ->required();
  }
  command->callback([options, work, &chosen] {
    chosen = [options, work](const Output& output) { return ask(*options, work, output); };
  });
}

}  // namespace

void add_ike(CLI::App& app, Action& chosen) {
  CLI::App* ike = app.add_subcommand("ike", "clients by IKE: their IKE SAs and ESP SAs");
  ike->require_subcommand(1);
  add(*ike, "list", "a row for each client", false, list, chosen);
  add(*ike, "show", "everything about one client", true, show, chosen);
  add(*ike, "down", "delete a client's SAs, and tell it", true, down, chosen);
}

}  // namespace espgate::cli
