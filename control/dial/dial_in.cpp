// SPDX-License-Identifier: Apache-2.0
#include "control/dial/dial_in.h"

#include "control/dial/levels.h"

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds look_interval{2};

// Null: there is no [radius], or it can't be, which the log says.
std::unique_ptr<radius::Client> make_radius(const config::Config& config) {
  if (!config.radius.enabled) return nullptr;
  auto made = radius::Client::create(config);
  if (made) return std::move(*made);
  spdlog::error("RADIUS can't be asked: {}", made.error());
  return nullptr;
}

}  // namespace

DialIn::DialIn(const config::Config& config, const Environment& environment)
    : users_(config.users.file),
      pools_(pools_settings(config)),
      radius_(make_radius(config)),
      service_(config, {.gateway = environment.gateway,
                        .negotiator = environment.negotiator,
                        .dataplane = environment.dataplane,
                        .save = environment.save,
                        .log = environment.log,
                        .journal = environment.journal,
                        .users = users_,
                        .pools = pools_,
                        .radius = radius_.get()}) {
  if (!config.state_directory.empty()) leases_.emplace(config.state_directory);
  if (config.users.source == config::UserSource::file) load_users();
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
  if (radius_) tell_radius_reports();
  save_leases();
  if (users_.path().empty()) return;
  const auto changed = users_.reload_if_changed();
  if (!changed) {
    spdlog::error("{}; the users of before stay", changed.error());
  } else if (*changed) {
    tell_problems();
    reserve_addresses();
    spdlog::info("{} users in {}, which has changed", users_.users()->size(), users_.path().string());
  }
}

Expected<void> DialIn::reload_users() {
  if (users_.path().empty())
    return tl::unexpected(std::string("users are not in a file, but known to RADIUS"));
  if (auto loaded = users_.load(); !loaded) return loaded;
  tell_problems();
  reserve_addresses();
  return {};
}

void DialIn::step() {
  radius_->step();
  tell_radius_reports();
  service_.run();
}

void DialIn::close() {
  if (!radius_) return;
  radius_->close();
  tell_radius_reports();
}

void DialIn::tell_radius_reports() {
  for (const ppp::Report& report : radius_->take_reports())
    spdlog::log(level_of(report.level), "RADIUS: {}", report.text);
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
