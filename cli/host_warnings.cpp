// SPDX-License-Identifier: Apache-2.0
#include "cli/host_warnings.h"

#include "config/device.h"

#include <fmt/format.h>

namespace espgate::cli {
namespace {

void warn_of_default_route(const config::Port& port, const Host& host, config::Problems& problems) {
  const std::string interface = interface_taken(port, host);
  if (!host.default_route_interfaces().contains(interface)) return;
  problems.warn(port.where, fmt::format("{} carries the default route of this host", interface),
                "leave it to the kernel, and give the gateway another interface");
}

void warn_of_cores(const config::Config& config, const Host& host, config::Problems& problems) {
  const auto online = host.cpus("sys/devices/system/cpu/online");
  if (!online) return;
  config::Location where;
  where.file = config.file;
  for (const unsigned core : config.workers.cores) {
    if (online->contains(core)) continue;
    problems.warn(where, fmt::format("workers.cores names core {}, which this host does not have", core));
  }
  if (config.workers.cores.empty() && config.workers.count > online->size()) {
    problems.warn(
        where, fmt::format("{} workers for the {} cores of this host", config.workers.count, online->size()),
        "workers that share a core slow each other down");
  }
}

}  // namespace

std::string interface_taken(const config::Port& port, const Host& host) {
  const config::Device device(port.device);
  if (const auto interface = device.interface()) return std::string(*interface);
  const auto address = device.pci_address();
  if (!address) return {};
  const auto interfaces = host.interfaces_of_pci(*address);
  return interfaces.empty() ? std::string() : interfaces.front();
}

void add_host_warnings(const config::Config& config, const Host& host, config::Problems& problems) {
  warn_of_default_route(config.outside, host, problems);
  if (config.inside) warn_of_default_route(*config.inside, host, problems);
  warn_of_cores(config, host, problems);
}

}  // namespace espgate::cli
