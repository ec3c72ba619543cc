// SPDX-License-Identifier: Apache-2.0
#include "control/service_duty.h"

#include <array>

namespace espgate::control {
namespace {

constexpr std::chrono::milliseconds tick_interval{250};

}  // namespace

ServiceDuty::ServiceDuty(ControlProcess& process, service::Notifier notifier)
    : process_(process), notifier_(std::move(notifier)) {
  process_.loop().add(timer_.descriptor(), [this] {
    timer_.clear();
    tick();
  });
  timer_.set(tick_interval);
  notifier_.status(process_.summary());
}

void ServiceDuty::reload() {
  notifier_.reloading();
  process_.reload();
  notifier_.ready(process_.summary());
  ready_ = true;
}

void ServiceDuty::tick() {
  const std::array hearts = {++rounds_};
  if (watchdog_.may_tell(service::Watchdog::TimePoint::clock::now(), hearts)) notifier_.alive();
  if (!ready_ && process_.is_ready()) {
    ready_ = true;
    notifier_.ready(process_.summary());
  }
  notifier_.status(process_.summary());
}

}  // namespace espgate::control
