// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"

namespace espgate::dataplane::live {

// How much of everything a configuration needs.
struct Sizing {
  dpdk::BufferPool::Size buffers;
  dpdk::EalOptions eal;
  std::vector<std::string> devices;  // outside, inside
  std::vector<std::string> notes;    // what was made smaller than configured, for the log
};

// The af_packet driver locks its rings in memory. Where `ports` such devices would exceed `limit_bytes`, the
// device with frames that just take a packet of `mtu` bytes, and as many as fit: a burst that overflows a
// ring is worse than a datagram of fragments that the kernel has put together and that does not fit a frame.
// Else the device as it is.
[[nodiscard]] std::string with_affordable_rings(const std::string& device, std::uint64_t limit_bytes,
                                                unsigned ports, std::uint16_t mtu);

// Buffers fit the ports' frames with room for the encapsulation; an af_packet port's fit its whole ring
// frame, as the driver wants it. `hugepages` says whether there are any. Workers get the configured CPUs, or
// the last ones of those that this process may use.
[[nodiscard]] Sizing size_for(const config::Config& config, bool hugepages);

}  // namespace espgate::dataplane::live
