// SPDX-License-Identifier: Apache-2.0
#include "channel/protect_process.h"
#include "config/load.h"
#include "dataplane/live/manager.h"

#include <csignal>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace {

using espgate::dataplane::live::Gateway;
using espgate::dataplane::live::Manager;

void log_line(std::string_view severity, const std::string& line) {
  fmt::print(stderr, "{:%H:%M:%S} dataplane {}: {}\n", fmt::localtime(std::time(nullptr)), severity, line);
  std::fflush(stderr);
}

int fail(const std::string& line) {
  log_line("error", line);
  return 1;
}

// SIGINT and SIGTERM are read from a descriptor; every thread that comes inherits the mask.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

int run(const espgate::config::Config& config) {
  const auto control = Gateway::control_uid(config);
  if (!control) return fail(control.error());
  if (auto made = espgate::channel::make_runtime_directory(config.runtime_directory, *control); !made)
    return fail(made.error());
  auto gateway = Gateway::create(config);
  if (!gateway) return fail(gateway.error());
  for (const std::string& note : (*gateway)->sizing.notes) log_line("warning", note);
  // Behind the start of DPDK, which reads its own /proc/self/pagemap; no key was here before.
  espgate::channel::protect_process();
  const auto buffers_at_start = (*gateway)->pool->in_use();
  auto manager = Manager::create(**gateway, log_line);
  if (!manager) return fail(manager.error());
  (*gateway)->start_workers();
  log_line("info",
           fmt::format("forwarding with {} worker{}, {}", (*gateway)->workers.size(),
                       (*gateway)->workers.size() == 1 ? "" : "s", (*gateway)->engine->description()));
  (*manager)->run();
  (*gateway)->stop_workers();
  log_line("info", fmt::format("stopped; packet buffers in use {} (at the start {}) of {}",
                               (*gateway)->pool->in_use(), buffers_at_start, (*gateway)->pool->capacity()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"the data plane of espgate: owns the ports and forwards", "espgate-dataplane"};
  std::string file;
  std::string runtime_directory;
  app.add_option("-c,--config", file, "the gateway's configuration")->required();
  app.add_option("--runtime-directory", runtime_directory,
                 "where the sockets go, instead of the configured one");
  CLI11_PARSE(app, argc, argv);

  block_signals();
  auto loaded = espgate::config::load(file);
  if (!loaded) {
    fmt::print(stderr, "{}", loaded.error().to_string());
    return 1;
  }
  espgate::config::Config& config = loaded->config;
  config.static_peers.clear();  // their keys are control's to know; ours come by the channel
  config.ike.psks.clear();
  if (!runtime_directory.empty()) config.runtime_directory = runtime_directory;
  return run(config);
}
