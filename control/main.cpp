// SPDX-License-Identifier: Apache-2.0
// espgate-control: decides who may connect and tells the data plane.
#include "channel/handshake.h"
#include "channel/protect_process.h"
#include "channel/user.h"
#include "config/load.h"
#include "control/command_line.h"
#include "control/control_process.h"
#include "control/log_format.h"
#include "control/service_duty.h"
#include "control/system_calls.h"
#include "service/capabilities.h"
#include "service/journal.h"

#include <csignal>
#include <cstdio>
#include <exception>

#include <spdlog/spdlog.h>
#include <sys/signalfd.h>

namespace {

using namespace espgate;

constexpr int exit_failed = 1;
constexpr int exit_bad_usage = 2;

// Blocked signals are read in the loop like everything else.
channel::Descriptor signal_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);
  return channel::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

void take_signal(const channel::Descriptor& signals, control::ControlProcess& process,
                 control::ServiceDuty& duty) {
  signalfd_siginfo info = {};
  if (::read(signals.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  if (info.ssi_signo == SIGHUP) {
    duty.reload();
    return;
  }
  spdlog::info("stopping; the data plane goes on with what it has");
  duty.stopping();
  process.stop();
}

// Root by name only from here on: another user where the configuration names one.
control::Expected<void> become_control_user(const config::Config& config) {
  service::raise_locked_memory();
  if (::geteuid() != 0 || config.control_user.empty()) return {};
  const auto user = channel::find_user(config.control_user);
  if (!user) return tl::unexpected("runtime.control_user: " + user.error());
  return service::become_user(*user);
}

// Nothing that comes from a client has been read yet.
control::Expected<void> give_up_rights(const control::Arguments& arguments) {
  if (auto dropped = service::keep_capabilities(0); !dropped) return dropped;
  if (!arguments.any_system_call && control::can_filter_system_calls()) return control::filter_system_calls();
  spdlog::warn("system calls are not filtered");
  return {};
}

int fail(const std::string& problem) {
  spdlog::critical("{}", problem);
  return exit_failed;
}

int run(const control::Arguments& arguments) {
  auto loaded = config::load(arguments.config);
  if (!loaded) {
    std::fputs(loaded.error().to_string().c_str(), stderr);
    return exit_bad_usage;
  }
  config::Config& config = loaded->config;
  if (!arguments.runtime_directory.empty()) config.runtime_directory = arguments.runtime_directory;
  control::set_up_log(config.log_level, service::stderr_is_journal());
  for (const config::Problem& warning : loaded->warnings) spdlog::warn("{}", warning.to_string());
  if (auto become = become_control_user(config); !become) return fail(become.error());

  const channel::Descriptor signals = signal_descriptor();
  const auto process = control::ControlProcess::create(config, arguments.save_keys);
  if (!process) return fail(process.error());
  if (auto given = give_up_rights(arguments); !given) return fail(given.error());
  control::ServiceDuty duty(**process, service::Notifier::from_environment());
  (*process)->loop().add(signals.get(), [&] { take_signal(signals, **process, duty); });
  spdlog::info("espgate-control " ESPGATE_VERSION ", {} static peers", config.static_peers.size());
  (*process)->run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  channel::protect_process();
  control::Arguments arguments;
  const auto app = control::make_command_line(arguments);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? 0 : exit_bad_usage;
  }
  try {
    if (!arguments.channel) return run(arguments);
    std::puts(channel::layout_text().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "espgate-control: %s\n", error.what());
    return exit_failed;
  }
}
