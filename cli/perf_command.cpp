// SPDX-License-Identifier: Apache-2.0
// espgate perf: what each stage costs, measured for a while.
#include "channel/json_socket.h"
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/show/show.h"

#include <memory>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct PerfOptions {
  GatewayOptions gateway;
  double seconds = 1;
};

tl::expected<json, std::string> measure(const PerfOptions& options) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return tl::unexpected(client.error());
  auto connection = channel::JsonClient::connect(client->dataplane_socket());
  if (!connection) return tl::unexpected(connection.error());
  const auto answer = connection->ask({{"command", "perf"}, {"seconds", options.seconds}});
  if (!answer) return tl::unexpected(answer.error());
  const auto patience = std::chrono::milliseconds(static_cast<long>(options.seconds * 1000) + 10'000);
  auto end = connection->next(patience);
  if (!end) return tl::unexpected(end.error());
  return std::move(end->at("end"));
}

int perf(const PerfOptions& options, const Output& output) {
  const auto result = measure(options);
  if (!result) {
    output.err << "espgate: " << result.error() << '\n';
    return failure;
  }
  output.out << (options.gateway.json ? json_text(*result) : perf_text(*result));
  return success;
}

}  // namespace

void add_perf(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("perf", "what each stage costs: packets per burst, cycles per packet");
  auto options = std::make_shared<PerfOptions>();
  add_gateway_options(*command, options->gateway);
  command->add_option("--seconds", options->seconds, "how long to measure")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 3600.0));
  command->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return perf(*options, output); }; });
}

}  // namespace espgate::cli
