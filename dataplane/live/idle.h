// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/rcu.h"

#include <atomic>
#include <chrono>
#include <vector>

namespace espgate::dataplane::live {

// One receive queue of a worker.
struct RxQueue {
  dpdk::Port* port;
  std::uint16_t queue;
};

// What a worker does when a round of its loop found nothing. Polling: spins. Adaptive: spins a little, then
// sleeps, longer and longer up to a quarter of a millisecond; where all its queues have rx interrupts it
// waits for those instead.
class Idle {
 public:
  static constexpr unsigned spins = 512;
  static constexpr std::chrono::microseconds shortest_sleep{10};
  static constexpr std::chrono::microseconds longest_sleep{250};

  Idle(config::Idle mode, std::vector<RxQueue> queues, dpdk::Rcu& rcu, unsigned worker)
      : mode_(mode), queues_(std::move(queues)), rcu_(rcu), worker_(worker) {}

  // On the worker's thread, before the loop.
  void start();
  // `work`: packets that the round handled. Sleeps as an offline reader.
  void after_round(unsigned work);

  [[nodiscard]] bool uses_interrupts() const { return interrupts_; }

 private:
  void sleep();
  void wait_for_interrupt();

  config::Idle mode_;
  std::vector<RxQueue> queues_;
  dpdk::Rcu& rcu_;
  unsigned worker_;
  std::atomic<bool> interrupts_ = false;  // read by anybody
  unsigned empty_rounds_ = 0;
  std::chrono::microseconds next_sleep_ = shortest_sleep;
};

}  // namespace espgate::dataplane::live
