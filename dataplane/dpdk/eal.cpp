// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/eal.h"

#include <array>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <sched.h>

namespace espgate::dataplane::dpdk {
namespace {

tl::expected<void, std::string> start(unsigned megabytes) {
  cpu_set_t affinity;
  CPU_ZERO(&affinity);
  sched_getaffinity(0, sizeof affinity, &affinity);
  // Core 0 may be outside the set that we are allowed; a mapping from lcore 0 to whatever we run on now never
  // is.
  const std::string cores = "0@" + std::to_string(sched_getcpu());
  std::array<std::string, 12> arguments = {"espgate",
                                           "--no-huge",
                                           "--no-shconf",
                                           "--no-pci",
                                           "--no-telemetry",
                                           "--iova-mode=va",
                                           "--log-level=lib.*:error",
                                           "--log-level=error",
                                           "--lcores",
                                           cores,
                                           "-m",
                                           std::to_string(megabytes)};
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
    return tl::unexpected(std::string("DPDK did not start: ") + rte_strerror(rte_errno));
  sched_setaffinity(0, sizeof affinity, &affinity);
  return {};
}

}  // namespace

tl::expected<void, std::string> start_without_ports(unsigned megabytes) {
  static const tl::expected<void, std::string> result = start(megabytes);
  return result;
}

}  // namespace espgate::dataplane::dpdk
