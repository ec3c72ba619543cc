// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/live/gateway.h"
#include "service/notifier.h"
#include "service/watchdog.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::dataplane::live {

// What a service owes its manager: that it is ready once every worker works, how it is, and that it lives for
// as long as every worker does. The manager's thread, by its tick.
class ServiceDuty {
 public:
  using Log = std::function<void(std::string_view severity, const std::string& line)>;

  ServiceDuty(Gateway& gateway, service::Notifier notifier, Log log)
      : gateway_(gateway), notifier_(std::move(notifier)), log_(std::move(log)) {}

  // Several times a second.
  void tick(service::Watchdog::TimePoint now);
  void stopping() { notifier_.stopping("ending the workers"); }

 private:
  [[nodiscard]] std::string status() const;
  void watch(service::Watchdog::TimePoint now);

  Gateway& gateway_;
  service::Notifier notifier_;
  Log log_;
  service::Watchdog watchdog_{service::Notifier::watchdog()};
  std::vector<std::uint64_t> rounds_;
  bool ready_ = false;
  bool complained_ = false;
  service::Watchdog::TimePoint status_at_{};
};

}  // namespace espgate::dataplane::live
