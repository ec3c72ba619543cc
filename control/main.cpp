// SPDX-License-Identifier: Apache-2.0
// espgate-control: decides who may connect and tells the data plane.
#include "channel/protect_process.h"
#include "config/load.h"
#include "control/control_process.h"

#include <csignal>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>

namespace {

using namespace espgate;

constexpr int exit_failed = 1;
constexpr int exit_bad_configuration = 2;

struct Arguments {
  std::string config;
  std::string runtime_directory;
  std::string save_keys;
};

// Blocked signals are read in the loop like everything else.
channel::Descriptor signal_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);
  return channel::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

void take_signal(const channel::Descriptor& signals, control::ControlProcess& process) {
  signalfd_siginfo info = {};
  if (::read(signals.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  if (info.ssi_signo == SIGHUP) {
    spdlog::warn(
        "SIGHUP: the configuration is not read again; restart this process, forwarding goes on meanwhile");
    return;
  }
  spdlog::info("stopping; the data plane goes on with what it has");
  process.stop();
}

int run(const Arguments& arguments) {
  auto loaded = config::load(arguments.config);
  if (!loaded) {
    std::fputs(loaded.error().to_string().c_str(), stderr);
    return exit_bad_configuration;
  }
  config::Config& config = loaded->config;
  if (!arguments.runtime_directory.empty()) config.runtime_directory = arguments.runtime_directory;
  spdlog::set_default_logger(spdlog::stderr_color_mt("control"));
  spdlog::set_level(spdlog::level::from_str(config.log_level));
  for (const config::Problem& warning : loaded->warnings) spdlog::warn("{}", warning.to_string());

  const channel::Descriptor signals = signal_descriptor();
  const auto process = control::ControlProcess::create(config, arguments.save_keys);
  if (!process) {
    spdlog::critical("{}", process.error());
    return exit_failed;
  }
  (*process)->loop().add(signals.get(), [&] { take_signal(signals, **process); });
  spdlog::info("espgate-control " ESPGATE_VERSION ", {} static peers", config.static_peers.size());
  (*process)->run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  channel::protect_process();
  CLI::App app("espgate-control: decides who may connect and tells the data plane");
  Arguments arguments;
  app.add_option("-c,--config", arguments.config, "the configuration")->required()->check(CLI::ExistingFile);
  app.add_option("--runtime-directory", arguments.runtime_directory,
                 "where the sockets are, instead of the "
                 "configuration's runtime_directory");
  app.add_option("--save-keys", arguments.save_keys,
                 "labs only: append every key of IKE and ESP to Wireshark's tables in this folder");
  app.set_version_flag("--version", "espgate-control " ESPGATE_VERSION);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "espgate-control: %s\n", error.what());
    return exit_failed;
  }
}
