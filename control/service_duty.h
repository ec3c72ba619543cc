// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/control_process.h"
#include "service/notifier.h"
#include "service/watchdog.h"

#include <string>

namespace espgate::control {

// What a service owes its manager: that it is ready once the data plane has what it should, how it is, and
// that it lives for as long as its loop comes round. The loop's thread.
class ServiceDuty {
 public:
  ServiceDuty(ControlProcess& process, service::Notifier notifier);

  // The file of users and the debug log anew.
  void reload();
  void stopping() { notifier_.stopping("stopping; the data plane goes on with what it has"); }

 private:
  void tick();

  ControlProcess& process_;
  service::Notifier notifier_;
  service::Watchdog watchdog_{service::Notifier::watchdog()};
  Timer timer_;
  std::uint64_t rounds_ = 0;
  bool ready_ = false;
};

}  // namespace espgate::control
