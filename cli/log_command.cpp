// SPDX-License-Identifier: Apache-2.0
// espgate log: how much control logs, of everything, of an area, of one client.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/table.h"

#include <memory>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;
using Answered = tl::expected<json, std::string>;

constexpr std::string_view take_back = "default";

struct LogOptions {
  GatewayOptions gateway;
  std::string level;
  std::string area;
  std::string client;
};

std::string levels_text(const json& levels) {
  Table table({{"WHAT"}, {"LEVEL"}});
  table.add({"everything", levels.at("level")});
  for (const auto& [area, level] : levels.at("areas").items()) table.add({"area " + area, level});
  for (const auto& [client, level] : levels.at("clients").items()) table.add({"client " + client, level});
  return table.text();
}

// Back to one level for everything: each area and client that has its own.
Answered take_all_back(const GatewayClient& client) {
  Answered levels = client.require_control({{"command", "log level"}});
  if (!levels) return levels;
  const json before = *levels;
  for (const auto& [member, name] : {std::pair{"areas", "area"}, {"clients", "client"}}) {
    for (const auto& each : before.at(member).items()) {
      levels = client.require_control({{"command", "log level"}, {"level", take_back}, {name, each.key()}});
      if (!levels) return levels;
    }
  }
  return levels;
}

Answered ask(const LogOptions& options, const GatewayClient& client) {
  const bool of_one = !options.area.empty() || !options.client.empty();
  if (options.level == take_back && !of_one) return take_all_back(client);
  json request = {{"command", "log level"}};
  if (!options.level.empty()) request["level"] = options.level;
  if (!options.area.empty()) request["area"] = options.area;
  if (!options.client.empty()) request["client"] = options.client;
  return client.require_control(request);
}

int log(const LogOptions& options, const Output& output) {
  const auto fail = [&](const std::string& why, ExitCode code) {
    output.err << "espgate: " << why << '\n';
    return code;
  };
  if (options.level.empty() && (!options.area.empty() || !options.client.empty()))
    return fail("--area and --client need --level", usage_error);
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(client.error(), failure);
  const auto levels = ask(options, *client);
  if (!levels) return fail(levels.error(), failure);
  output.out << (options.gateway.json ? json_text(*levels) : levels_text(*levels));
  return success;
}

}  // namespace

void add_log(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("log", "how much is logged of what clients do, and changing it");
  auto options = std::make_shared<LogOptions>();
  add_gateway_options(*command, options->gateway);
  command->add_option("--level", options->level,
                      "from now on: trace, debug, info, warning, error, critical, off; default takes back");
  CLI::Option* area = command->add_option("--area", options->area, "of this area only: ike, l2tp, ppp");
  command->add_option("--client", options->client, "of the client with this outside address only")
      ->excludes(area);
  command->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return log(*options, output); }; });
}

}  // namespace espgate::cli
