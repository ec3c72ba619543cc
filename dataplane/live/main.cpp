// SPDX-License-Identifier: Apache-2.0
#include "channel/protect_process.h"
#include "config/load.h"
#include "dataplane/dpdk/log_stream.h"
#include "dataplane/live/command_line.h"
#include "dataplane/live/manager.h"
#include "dataplane/live/rights.h"
#include "dataplane/live/service_duty.h"
#include "service/line_log.h"

#include <csignal>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace {

using espgate::dataplane::live::Gateway;
using espgate::dataplane::live::Manager;
using espgate::dataplane::live::ServiceDuty;
using espgate::service::Notifier;

constexpr int exit_failed = 1;
constexpr int exit_bad_configuration = 2;

void log_line(std::string_view severity, const std::string& line) {
  static espgate::service::LineLog log("dataplane", espgate::service::stderr_is_journal());
  log.write(severity, line);
}

int fail(const std::string& line) {
  log_line("error", line);
  return exit_failed;
}

// SIGINT, SIGTERM and SIGHUP are read from a descriptor; every thread that comes inherits the mask.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

// What opening ports, memory and sockets has taken is given back before the first packet is read.
bool give_up_rights(const espgate::config::Config& config) {
  espgate::service::raise_locked_memory();
  const auto keep = espgate::dataplane::live::capabilities_after_start(config);
  if (auto dropped = espgate::service::keep_capabilities(keep); !dropped) {
    log_line("error", dropped.error());
    return false;
  }
  const auto left = espgate::service::capability_names(espgate::service::effective_capabilities(getpid()));
  if (!left.empty())
    log_line("info", fmt::format("capabilities kept for the ports: {}", fmt::join(left, " ")));
  return true;
}

int run(const espgate::config::Config& config, Notifier notifier) {
  const auto control = Gateway::control_uid(config);
  if (!control) return fail(control.error());
  if (auto made = espgate::channel::make_runtime_directory(config.runtime_directory, *control); !made)
    return fail(made.error());
  notifier.status("opening the ports");
  espgate::dataplane::dpdk::send_log_to(
      [](std::string_view line) { log_line("warning", fmt::format("DPDK: {}", line)); });
  auto gateway = Gateway::create(config);
  if (!gateway) return fail(gateway.error());
  for (const std::string& note : (*gateway)->sizing.notes) log_line("warning", note);
  // Behind the start of DPDK, which reads its own /proc/self/pagemap; no key was here before.
  espgate::channel::protect_process();
  const auto buffers_at_start = (*gateway)->pool->in_use();
  auto manager = Manager::create(**gateway, log_line);
  if (!manager) return fail(manager.error());
  if (!give_up_rights(config)) return exit_failed;
  (*gateway)->start_workers();
  log_line("info",
           fmt::format("forwarding with {} worker{}, {}", (*gateway)->workers.size(),
                       (*gateway)->workers.size() == 1 ? "" : "s", (*gateway)->engine->description()));
  ServiceDuty duty(**gateway, std::move(notifier), log_line);
  (*manager)->on_tick([&] { duty.tick(std::chrono::steady_clock::now()); });
  (*manager)->run();
  duty.stopping();
  (*gateway)->stop_workers();
  log_line("info", fmt::format("stopped; packet buffers in use {} (at the start {}) of {}",
                               (*gateway)->pool->in_use(), buffers_at_start, (*gateway)->pool->capacity()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  espgate::dataplane::live::Arguments arguments;
  const auto app = espgate::dataplane::live::make_command_line(arguments);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? 0 : exit_bad_configuration;
  }
  block_signals();
  auto loaded = espgate::config::load(arguments.config);
  if (!loaded) {
    fmt::print(stderr, "{}", loaded.error().to_string());
    return exit_bad_configuration;
  }
  espgate::config::Config& config = loaded->config;
  config.static_peers.clear();  // their keys are control's to know; ours come by the channel
  config.ike.psks.clear();
  if (!arguments.runtime_directory.empty()) config.runtime_directory = arguments.runtime_directory;
  return run(config, Notifier::from_environment());
}
