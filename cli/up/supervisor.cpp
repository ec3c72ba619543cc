// SPDX-License-Identifier: Apache-2.0
#include "cli/up/supervisor.h"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

constexpr std::chrono::milliseconds look_again{50};
constexpr std::chrono::minutes restart_window{1};

double seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Supervisor::Supervisor(std::vector<Program> programs, std::ostream& log, Options options)
    : log_(log), options_(options) {
  for (Program& program : programs) all_.push_back({.child = Child(std::move(program), log), .restarts = {}});
  sigset_t ours;
  sigemptyset(&ours);
  for (const int number : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&ours, number);
  sigprocmask(SIG_BLOCK, &ours, &signals_before_);
  signals_ = channel::Descriptor(signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC));
}

Supervisor::~Supervisor() { sigprocmask(SIG_SETMASK, &signals_before_, nullptr); }

bool Supervisor::run() {
  const bool good = start_all() && supervise();
  end_all();
  return good;
}

bool Supervisor::start_all() {
  for (Running& each : all_) {
    if (!each.child.start()) {
      say(fmt::format("can't start {}: no process or pipe left", each.child.program().name));
      return false;
    }
    if (!wait_until_ready(each.child)) return false;
    if (told_to_end_ != 0) return true;
    say(fmt::format("{} runs (pid {})", each.child.program().name, each.child.pid()));
  }
  return true;
}

// False: it ended instead, or does not get ready.
bool Supervisor::wait_until_ready(Child& child) {
  const auto deadline = Clock::now() + options_.ready_within;
  while (told_to_end_ == 0 && !child.is_ready()) {
    wait(look_again);
    if (const auto how = child.ended()) {
      say(fmt::format("{} {} before it was ready; nothing runs now", child.program().name, *how));
      return false;
    }
    if (Clock::now() < deadline) continue;
    say(fmt::format("{} does not listen on {} after {} s", child.program().name,
                    child.program().socket.string(), seconds(options_.ready_within)));
    return false;
  }
  return true;
}

bool Supervisor::supervise() {
  while (told_to_end_ == 0) {
    wait(std::chrono::milliseconds(500));
    for (Running& each : all_)
      if (const auto how = each.child.ended(); how && !on_end(each, *how)) return false;
    restart_due();
  }
  return true;
}

// False: it has died too often.
bool Supervisor::on_end(Running& running, const std::string& how) {
  const auto now = Clock::now();
  auto& restarts = running.restarts;
  while (!restarts.empty() && restarts.front() + restart_window < now) restarts.pop_front();
  const std::string& name = running.child.program().name;
  if (restarts.size() >= options_.restarts_a_minute) {
    say(fmt::format("{} {}, {} times within a minute now; given up", name, how, restarts.size() + 1));
    return false;
  }
  say(fmt::format("{} {}; it is started again in {} s", name, how, seconds(options_.restart_after)));
  restarts.push_back(now);
  running.restart_at = now + options_.restart_after;
  return true;
}

void Supervisor::restart_due() {
  const auto now = Clock::now();
  for (Running& each : all_) {
    if (each.child.is_running() || now < each.restart_at) continue;
    if (!each.child.start()) {
      each.restart_at = now + options_.restart_after;
      continue;
    }
    each.restart_at = Clock::time_point::max();
    say(fmt::format("{} runs again (pid {})", each.child.program().name, each.child.pid()));
  }
}

void Supervisor::end_all() {
  std::ranges::for_each(all_.rbegin(), all_.rend(), [this](Running& each) { end(each.child); });
}

// A second signal from the impatient does not wait.
void Supervisor::end(Child& child) {
  if (!child.is_running()) return;
  const unsigned told = told_to_end_;
  const auto deadline = Clock::now() + options_.end_within;
  child.signal(SIGTERM);
  while (Clock::now() < deadline && told_to_end_ == told) {
    if (const auto how = child.ended()) return say(fmt::format("{} {}", child.program().name, *how));
    wait(look_again);
  }
  say(fmt::format("{} does not end by itself; killed", child.program().name));
  child.signal(SIGKILL);
  while (!child.ended()) wait(look_again);
}

// For a signal, output of a child, or the clock.
void Supervisor::wait(std::chrono::milliseconds longest) {
  const auto now = Clock::now();
  for (const Running& each : all_) {
    if (each.restart_at == Clock::time_point::max()) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(each.restart_at - now);
    longest = std::clamp(left, std::chrono::milliseconds(0), longest);
  }
  std::vector<pollfd> waiting = {{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
  for (const Running& each : all_)
    waiting.push_back({.fd = each.child.output(), .events = POLLIN, .revents = 0});
  (void)::poll(waiting.data(), waiting.size(), static_cast<int>(longest.count()));
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal)
    if (signal.ssi_signo != SIGCHLD) ++told_to_end_;
  for (Running& each : all_) each.child.pass_output();
}

void Supervisor::say(const std::string& line) {
  log_ << "up | " << line << '\n';
  log_.flush();
}

}  // namespace espgate::cli
