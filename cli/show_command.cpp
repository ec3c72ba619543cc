// SPDX-License-Identifier: Apache-2.0
// espgate status, port, peer, sa, policy, route, neighbour, buffers: what the data plane answers, as
// a table or as JSON.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/show/show.h"

#include <array>
#include <memory>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct Subject {
  const char* name;
  const char* help;
  std::string (*text)(const json& answer);
  const char* named_rows = nullptr;  // the member whose rows have a peer, that control may know by name
};

constexpr std::array subjects = {
    Subject{"status", "how the gateway is, on one screen", status_text},
    Subject{"peer", "clients: where they are and what they have", peer_text, "peers"},
    Subject{"sa", "security associations: suite, sequence, lifetime, traffic", sa_text, "sas"},
    Subject{"policy", "what is protected, and what becomes of everything else", policy_text, "policies"},
    Subject{"port", "ports: link, MTU, offloads, counters", port_text},
    Subject{"route", "where packets go", route_text},
    Subject{"neighbour", "the ARP cache", neighbour_text},
    Subject{"buffers", "packet buffers: how many, how large, how many in use", buffers_text},
};

// What only control knows: itself; peers that the data plane does not have, and why.
void add_from_control(const Subject& subject, const GatewayClient& client, json& answer) {
  if (subject.named_rows != nullptr) add_names(peer_names(client), answer.at(subject.named_rows));
  const std::string_view name = subject.name;
  if (name == "status") {
    const auto control = client.ask_control({{"command", "status"}});
    answer["control_process"] = control ? *control : json();
  }
  if (name != "peer") return;
  answer["not_installed"] = json::array();
  for (json& peer : control_peers(client))
    if (!peer.value("installed", true))
      answer["not_installed"].push_back(
          {{"name", peer.value("name", "")}, {"problem", peer.value("problem", "")}});
}

struct ShowOptions {
  GatewayOptions gateway;
  std::string peer;
  bool extended = false;
};

int show(const Subject& subject, const ShowOptions& options, const Output& output) {
  const auto fail = [&](const std::string& why) {
    output.err << "espgate: " << why << '\n';
    return failure;
  };
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(client.error());
  json request = {{"command", subject.name}};
  if (options.extended) request["extended"] = true;
  if (!options.peer.empty()) {
    const auto peer = find_peer(*client, options.peer);
    if (!peer) return fail(peer.error());
    request["peer"] = *peer;
  }
  auto answer = client->ask(request);
  if (!answer) return fail(answer.error());
  add_from_control(subject, *client, *answer);
  output.out << (options.gateway.json ? json_text(*answer) : subject.text(*answer));
  return success;
}

}  // namespace

void add_show(CLI::App& app, Action& chosen) {
  for (const Subject& subject : subjects) {
    CLI::App* command = app.add_subcommand(subject.name, subject.help);
    auto options = std::make_shared<ShowOptions>();
    add_gateway_options(*command, options->gateway);
    if (subject.named_rows != nullptr)
      command->add_option("--peer", options->peer, "only this one: name or number");
    if (std::string_view(subject.name) == "port")
      command->add_flag("--extended", options->extended, "with every counter of the driver that is not 0");
    command->callback([options, &subject, &chosen] {
      chosen = [options, &subject](const Output& output) { return show(subject, *options, output); };
    });
  }
}

}  // namespace espgate::cli
