// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/rate_meter.h"

#include <cstdint>
#include <memory>

namespace espgate::dataplane::dpdk {

// A rate in 1000 bits a second on rte_meter's single-rate three-colour marker (RFC 2697), colour-blind. The
// burst is what the rate gives in 100 ms, so that TCP finds the rate; and at least 16 KiB, so that slow rates
// take a few packets at once. There is no excess burst: what a session has not sent it can save up to here
// and no further, so nothing is ever yellow, and what is red doesn't pass.
inline constexpr std::uint64_t least_burst_bytes = 16'384;
[[nodiscard]] constexpr std::uint64_t burst_bytes(std::uint32_t kbit) {
  const std::uint64_t in_100_ms = std::uint64_t{kbit} * 1000 / 8 / 10;
  return in_100_ms > least_burst_bytes ? in_100_ms : least_burst_bytes;
}

// `kbit` is not 0. `now` starts the clock, of `ticks_per_second`; the burst is full. After dpdk::start().
[[nodiscard]] std::unique_ptr<RateMeter> make_srtcm_meter(std::uint32_t kbit, double ticks_per_second,
                                                          std::uint64_t now);

}  // namespace espgate::dataplane::dpdk
