// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/srtcm_meter.h"

#include <algorithm>
#include <cassert>

#include <rte_cycles.h>
#include <rte_meter.h>

namespace espgate::dataplane::dpdk {
namespace {

class SrtcmMeter final : public RateMeter {
 public:
  SrtcmMeter(std::uint32_t kbit, double ticks_per_second, std::uint64_t now) {
    // rte_meter counts the ticks of DPDK's own clock. By ours it gives the same bytes a second if its rate is
    // another in the same proportion.
    const double bytes_per_second = static_cast<double>(kbit) * 1000 / 8;
    const double by_its_clock = static_cast<double>(rte_get_tsc_hz()) / ticks_per_second * bytes_per_second;
    rte_meter_srtcm_params params{.cir = std::max<std::uint64_t>(static_cast<std::uint64_t>(by_its_clock), 1),
                                  .cbs = burst_bytes(kbit),
                                  .ebs = 0};
    // Both refuse only what is not there, and a rate or a burst of 0.
    [[maybe_unused]] int failed = rte_meter_srtcm_profile_config(&profile_, &params);
    assert(failed == 0);
    failed = rte_meter_srtcm_config(&meter_, &profile_);
    assert(failed == 0);
    meter_.time = now;
  }

  bool pass(std::uint32_t bytes, std::uint64_t now) noexcept override {
    // The manager's core may have been ahead; rte_meter would take a step back for ages.
    const std::uint64_t time = std::max<std::uint64_t>(now, meter_.time);
    return rte_meter_srtcm_color_blind_check(&meter_, &profile_, time, bytes) != RTE_COLOR_RED;
  }

 private:
  rte_meter_srtcm_profile profile_{};  // of its own: rates differ from session to session
  rte_meter_srtcm meter_{};
};

}  // namespace

std::unique_ptr<RateMeter> make_srtcm_meter(std::uint32_t kbit, double ticks_per_second, std::uint64_t now) {
  assert(kbit != 0);
  return std::make_unique<SrtcmMeter>(kbit, ticks_per_second, now);
}

}  // namespace espgate::dataplane::dpdk
