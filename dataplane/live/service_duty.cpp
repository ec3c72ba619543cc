// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/service_duty.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::dataplane::live {
namespace {

std::string count(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

void ServiceDuty::tick(service::Watchdog::TimePoint now) {
  rounds_.clear();
  for (const auto& worker : gateway_.workers) rounds_.push_back(worker->rounds());
  if (!ready_ && std::ranges::all_of(rounds_, [](std::uint64_t rounds) { return rounds != 0; })) {
    ready_ = true;
    notifier_.ready(status());
  }
  watch(now);
  if (!ready_ || now < status_at_) return;
  status_at_ = now + std::chrono::seconds(1);
  notifier_.status(status());
}

void ServiceDuty::watch(service::Watchdog::TimePoint now) {
  if (watchdog_.may_tell(now, rounds_)) notifier_.alive();
  const auto stuck = watchdog_.stuck(now);
  if (stuck && !complained_)
    log_("error", fmt::format("worker {} on core {} does not move any more", *stuck,
                              gateway_.sizing.eal.worker_cores.at(*stuck)));
  complained_ = stuck.has_value();
}

std::string ServiceDuty::status() const {
  std::size_t sessions = 0;
  for (const auto& [id, peer] : gateway_.installation->peers()) sessions += peer->sessions.size();
  return fmt::format("forwarding with {}: {}, {}; control is {}connected",
                     count(gateway_.workers.size(), "worker"),
                     count(gateway_.installation->peers().size(), "peer"), count(sessions, "session"),
                     gateway_.control->is_connected() ? "" : "not ");
}

}  // namespace espgate::dataplane::live
