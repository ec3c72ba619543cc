// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/api.h"

#include "dataplane/live/manager.h"
#include "dataplane/live/streams.h"

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>
#include <sys/timerfd.h>
#include <unistd.h>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

constexpr long stream_period_nanoseconds = 5'000'000;
constexpr std::size_t most_streams = 16;

json failure(const std::string& why) { return {{"ok", false}, {"error", why}}; }

// The workers in their order, the manager behind them.
std::vector<WorkerStats*> all_stats(Gateway& gateway) {
  std::vector<WorkerStats*> all;
  all.reserve(gateway.workers.size() + 1);
  for (const auto& worker : gateway.workers) all.push_back(&worker->stats());
  all.push_back(&gateway.manager_stats);
  return all;
}

}  // namespace

Api::Api(Manager& manager)
    : manager_(manager),
      clock_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      observers_(all_stats(manager.gateway()), [&manager] { manager.gateway().rcu->synchronize(); }),
      timing_(all_stats(manager.gateway())) {}

Api::~Api() = default;

json Api::answer(const json& request) {
  const std::string command = request.at("command");
  if (command == "status") return status_answer(manager_, activity_);
  if (command == "port") return port_answer(manager_, request);
  if (command == "peer") return peer_answer(manager_, request);
  if (command == "sa") return sa_answer(manager_, request);
  if (command == "policy") return policy_answer(manager_, request);
  if (command == "session") return session_answer(manager_, request);
  if (command == "route") return route_answer(manager_);
  if (command == "neighbour") return neighbour_answer(manager_);
  if (command == "drops") return drops_answer(manager_);
  if (command == "buffers") return buffers_answer(manager_);
  if (command == "perf" || command == "trace" || command == "capture") return start_stream(command, request);
  if (command == "end") return end_streams();
  return failure("no such command: " + command);
}

json Api::start_stream(const std::string& command, const json& request) {
  if (server_ == nullptr) return failure("nobody to send lines to");
  if (streams_.size() >= most_streams)
    return failure("too many measurements, traces and captures run already");
  const StreamContext context{.gateway = manager_.gateway(),
                              .observers = observers_,
                              .timing = timing_,
                              .client = {*server_, server_->current_client()},
                              .now_nanoseconds = Manager::now_nanoseconds()};
  auto started = command == "perf"    ? start_perf(context, request)
                 : command == "trace" ? start_trace(context, request)
                                      : start_capture(context, request);
  if (!started) return failure(started.error());
  streams_.push_back(std::move(started->stream));
  set_clock(true);
  return std::move(started->answer);
}

json Api::end_streams() {
  const auto client = server_ == nullptr ? 0 : server_->current_client();
  unsigned ended = 0;
  for (const auto& stream : streams_) {
    if (stream->client() != client) continue;
    stream->end();
    ++ended;
  }
  return {{"ended", ended}};
}

void Api::set_clock(bool running) {
  itimerspec period{};
  if (running) period.it_interval.tv_nsec = period.it_value.tv_nsec = stream_period_nanoseconds;
  (void)timerfd_settime(clock_.get(), 0, &period, nullptr);
}

void Api::step() {
  if (streams_.empty()) return;
  std::uint64_t periods = 0;
  if (read(clock_.get(), &periods, sizeof periods) != sizeof periods) return;
  const std::uint64_t now = Manager::now_nanoseconds();
  std::erase_if(streams_, [now](const std::unique_ptr<Stream>& stream) { return !stream->step(now); });
  if (streams_.empty()) set_clock(false);
}

void Api::tick() { activity_.sample(manager_.gateway(), Manager::now_nanoseconds()); }

}  // namespace espgate::dataplane::live
