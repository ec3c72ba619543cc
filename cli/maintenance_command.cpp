// SPDX-License-Identifier: Apache-2.0
// espgate drain, espgate reload: before the gateway goes, and after its users have changed.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/interrupt.h"
#include "cli/table.h"

#include <chrono>
#include <memory>
#include <thread>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct DrainOptions {
  GatewayOptions gateway;
  bool off = false;
  bool wait = false;
};

int fail(const Output& output, const std::string& problem) {
  output.err << "espgate: " << problem << '\n';
  return failure;
}

std::string drain_text(const json& answer) {
  const auto sessions = answer.value("sessions", std::uint64_t{0});
  const std::string there = sessions == 1 ? "1 session is" : std::to_string(sessions) + " sessions are";
  return answer.value("draining", false) ? "new clients are refused; " + there + " there\n"
                                         : "clients may come; " + there + " there\n";
}

int drain(const DrainOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(output, client.error());
  auto answer = client->require_control({{"command", "drain"}, {"on", !options.off}});
  const Interrupt interrupt;
  std::uint64_t told = ~std::uint64_t{0};
  while (answer && options.wait && answer->value("sessions", std::uint64_t{0}) != 0 &&
         !interrupt.happened()) {
    const auto sessions = answer->value("sessions", std::uint64_t{0});
    if (!options.gateway.json && sessions != told) output.out << drain_text(*answer) << std::flush;
    told = sessions;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    answer = client->require_control({{"command", "drain"}});
  }
  if (!answer) return fail(output, answer.error());
  output.out << (options.gateway.json ? json_text(*answer) : drain_text(*answer));
  return options.wait && answer->value("sessions", std::uint64_t{0}) != 0 ? failure : success;
}

int reload(const GatewayOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options);
  if (!client) return fail(output, client.error());
  const auto answer = client->require_control({{"command", "reload users"}});
  if (!answer) return fail(output, answer.error());
  if (options.json) {
    output.out << json_text(*answer);
    return success;
  }
  for (const json& problem : answer->value("problems", json::array()))
    output.err << "espgate: " << printable(problem.get<std::string>()) << '\n';
  output.out << printable(std::to_string(answer->value("users", std::uint64_t{0})) + " users in " +
                          answer->value("file", ""))
             << '\n';
  return success;
}

}  // namespace

void add_maintenance(CLI::App& app, Action& chosen) {
  CLI::App* draining = app.add_subcommand("drain", "refuse new clients; who is there stays until he goes");
  auto options = std::make_shared<DrainOptions>();
  add_gateway_options(*draining, options->gateway);
  CLI::Option* off = draining->add_flag("--off", options->off, "take new clients again");
  draining->add_flag("--wait", options->wait, "until nobody is there; Ctrl-C ends the waiting alone")
      ->excludes(off);
  draining->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return drain(*options, output); }; });

  CLI::App* reloading =
      app.add_subcommand("reload", "read the file of users again, and say what is wrong in it");
  auto where = std::make_shared<GatewayOptions>();
  add_gateway_options(*reloading, *where);
  reloading->callback(
      [where, &chosen] { chosen = [where](const Output& output) { return reload(*where, output); }; });
}

}  // namespace espgate::cli
