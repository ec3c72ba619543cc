// SPDX-License-Identifier: Apache-2.0
// espgate drops: why packets were dropped, how many, and what to do.
#include "cli/command.h"
#include "cli/drops.h"
#include "cli/gateway_client.h"

#include <chrono>
#include <memory>
#include <thread>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct DropsOptions {
  GatewayOptions gateway;
  bool all = false;
  bool watch = false;
  unsigned times = 0;
};

int once(const DropsOptions& options, const GatewayClient& client, const Output& output) {
  const auto answer = client.ask({{"command", "drops"}});
  if (!answer) {
    output.err << "espgate: " << answer.error() << '\n';
    return failure;
  }
  output.out << (options.gateway.json ? json_text(*answer) : drops_text(*answer, nullptr, 0, options.all));
  return success;
}

// Once a second, with the rates since; ends when the gateway does, or by Ctrl-C.
int watch(const DropsOptions& options, const GatewayClient& client, const Output& output) {
  using Clock = std::chrono::steady_clock;
  json before;
  Clock::time_point before_at;
  for (unsigned i = 0; options.times == 0 || i < options.times; ++i) {
    if (i != 0) std::this_thread::sleep_for(std::chrono::seconds(1));
    auto answer = client.ask({{"command", "drops"}});
    if (!answer) {
      output.err << "espgate: " << answer.error() << '\n';
      return failure;
    }
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - before_at).count();
    if (options.gateway.json)
      output.out << answer->dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    else
      output.out << drops_text(*answer, before.is_null() ? nullptr : &before, seconds, options.all) << '\n';
    output.out.flush();
    before = std::move(*answer);
    before_at = now;
  }
  return success;
}

}  // namespace

void add_drops(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("drops", "why packets were dropped, and what to do about it");
  auto options = std::make_shared<DropsOptions>();
  add_gateway_options(*command, options->gateway);
  command->add_flag("--all", options->all, "also reasons for which none was dropped");
  command->add_flag("--watch", options->watch, "again every second, with rates");
  command->add_option("-n", options->times, "with --watch: so many times, then end");
  command->callback([options, &chosen] {
    chosen = [options](const Output& output) -> int {
      const auto client = GatewayClient::find(options->gateway);
      if (client) return options->watch ? watch(*options, *client, output) : once(*options, *client, output);
      output.err << "espgate: " << client.error() << '\n';
      return failure;
    };
  });
}

}  // namespace espgate::cli
