// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

namespace espgate::dataplane::dpdk {

// Takes a line that DPDK or a driver has for people, without its end. Called on any thread, one at a time.
using LogLine = std::function<void(std::string_view line)>;

// From now on DPDK's log goes there, and no longer to standard error and syslog. Before DPDK starts; for the
// rest of the process. Without memory for it everything stays as it is.
void send_log_to(LogLine log);

}  // namespace espgate::dataplane::dpdk
