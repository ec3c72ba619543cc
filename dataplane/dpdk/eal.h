// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace espgate::dataplane::dpdk {

// Starts DPDK's environment for a program without ports: no hugepages, no root, no shared files, `megabytes`
// of ordinary memory. Once a process; later calls do nothing. The process keeps its signals and its CPU
// affinity. Error: DPDK's own words.
[[nodiscard]] tl::expected<void, std::string> start_without_ports(unsigned megabytes);

}  // namespace espgate::dataplane::dpdk
