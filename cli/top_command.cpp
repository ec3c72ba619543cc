// SPDX-License-Identifier: Apache-2.0
// espgate top: the gateway as it works, drawn every second.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/interrupt.h"
#include "cli/top/screen.h"
#include "cli/top/top_text.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

namespace espgate::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds period{1};
constexpr std::size_t sessions_on_paper = 20;
constexpr unsigned other_rows = 18;  // of a screen: all but the sessions

struct TimedSample : Sample {
  Clock::time_point at;
};

tl::expected<TimedSample, std::string> sample(const GatewayClient& client) {
  TimedSample all;
  all.at = Clock::now();
  for (const auto& [command, into] : {std::pair{"status", &all.status}, std::pair{"session", &all.session},
                                      std::pair{"drops", &all.drops}}) {
    auto answer = client.ask({{"command", command}});
    if (!answer) return tl::unexpected(answer.error());
    *into = std::move(*answer);
  }
  add_names(peer_names(client), all.session.at("sessions"));
  return all;
}

std::string text_of(const TimedSample& before, const TimedSample& now, std::size_t sessions) {
  return top_text(before, now, std::chrono::duration<double>(now.at - before.at).count(), sessions);
}

// Until q or Ctrl-C. Error: the gateway is gone.
tl::expected<void, std::string> watch(const GatewayClient& client, TimedSample before) {
  const Interrupt interrupt;
  const Screen screen;
  screen.draw("a second, please\n");
  while (!interrupt.happened()) {
    const auto deadline = Clock::now() + period;
    for (auto left = period + Clock::duration::zero(); left.count() > 0; left = deadline - Clock::now()) {
      const char key = screen.key(std::chrono::ceil<std::chrono::milliseconds>(left));
      if (key == 'q' || key == 'Q' || interrupt.happened()) return {};
    }
    auto now = sample(client);
    if (!now) return tl::unexpected(now.error());
    const unsigned rows = screen.rows();
    screen.draw(text_of(before, *now, rows > other_rows + 5 ? rows - other_rows : 5));
    before = std::move(*now);
  }
  return {};
}

tl::expected<void, std::string> top(const GatewayOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options);
  if (!client) return tl::unexpected(client.error());
  auto before = sample(*client);
  if (!before) return tl::unexpected(before.error());
  const bool live = !options.json && &output.out == &std::cout && Screen::is_possible();
  if (live) return watch(*client, std::move(*before));
  std::this_thread::sleep_for(period);
  const auto now = sample(*client);
  if (!now) return tl::unexpected(now.error());
  if (options.json)
    output.out << json_text(
        {{"seconds", std::chrono::duration<double>(now->at - before->at).count()},
         {"before", {{"status", before->status}, {"session", before->session}, {"drops", before->drops}}},
         {"now", {{"status", now->status}, {"session", now->session}, {"drops", now->drops}}}});
  else
    output.out << text_of(*before, *now, sessions_on_paper);
  return {};
}

}  // namespace

void add_top(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("top", "the gateway as it works, drawn every second; q ends it");
  auto options = std::make_shared<GatewayOptions>();
  add_gateway_options(*command, *options);
  command->callback([options, &chosen] {
    chosen = [options](const Output& output) -> int {
      const auto done = top(*options, output);
      if (done) return success;
      output.err << "espgate: " << done.error() << '\n';
      return failure;
    };
  });
}

}  // namespace espgate::cli
