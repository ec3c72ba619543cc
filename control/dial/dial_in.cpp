// SPDX-License-Identifier: Apache-2.0
#include "control/dial/dial_in.h"

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds look_interval{2};

}  // namespace

DialIn::DialIn(const config::Config& config, const Environment& environment)
    : users_(config.users.file),
      pools_(pools_settings(config)),
      service_(config, {.gateway = environment.gateway,
                        .negotiator = environment.negotiator,
                        .dataplane = environment.dataplane,
                        .save = environment.save,
                        .log = environment.log,
                        .users = users_,
                        .pools = pools_}) {
  if (!config.state_directory.empty()) leases_.emplace(config.state_directory);
  load_users();
  if (!leases_) return;
  if (const auto leases = leases_->read()) {
    pools_.restore(*leases);
  } else {
    spdlog::warn("{}; clients may get other addresses than before", leases.error());
  }
}

void DialIn::load_users() {
  if (const auto loaded = users_.load(); !loaded) {
    spdlog::error("{}; nobody can dial in until it is right", loaded.error());
    return;
  }
  tell_problems();
  reserve_addresses();
  spdlog::info("{} users in {}", users_.users()->size(), users_.path().string());
}

void DialIn::reserve_addresses() {
  for (const std::string& problem : pools_.reserve(users_.users()->fixed_addresses()))
    spdlog::warn("{}", problem);
}

void DialIn::tell_problems() const {
  for (const std::string& problem : users_.problems()) spdlog::warn("{}", problem);
}

// Who is connected stays: a user who was taken out is refused when he comes again.
void DialIn::tick() {
  service_.tick();
  const auto now = Clock::now();
  if (now < look_again_) return;
  look_again_ = now + look_interval;
  const auto changed = users_.reload_if_changed();
  if (!changed) {
    spdlog::error("{}; the users of before stay", changed.error());
  } else if (*changed) {
    tell_problems();
    reserve_addresses();
    spdlog::info("{} users in {}, which has changed", users_.users()->size(), users_.path().string());
  }
  save_leases();
}

void DialIn::save_leases() {
  if (!leases_ || !pools_.take_changed()) return;
  const std::vector<Lease> leases = pools_.leases();
  if (const auto written = leases_->write(leases); !written) spdlog::error("{}", written.error());
}

void DialIn::restore(const StateRecords& records) {
  for (const auto& [id, record] : records)
    if ((id & DialService::record_flag) != 0) service_.restore(id, record.bytes());
}

}  // namespace espgate::control
