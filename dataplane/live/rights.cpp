// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/rights.h"

#include "config/device.h"

#include <linux/capability.h>

namespace espgate::dataplane::live {
namespace {

service::CapabilitySet needed_by(const config::Port& port) {
  if (!config::Device(port.device).is_pci()) return 0;
  return service::capability(CAP_IPC_LOCK) | service::capability(CAP_SYS_RAWIO) |
         service::capability(CAP_SYS_ADMIN);
}

}  // namespace

service::CapabilitySet capabilities_after_start(const config::Config& config) {
  return needed_by(config.outside) | (config.inside ? needed_by(*config.inside) : 0);
}

}  // namespace espgate::dataplane::live
