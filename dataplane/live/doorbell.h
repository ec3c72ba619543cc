// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace espgate::dataplane::live {

// Wakes a thread that sleeps in epoll, and costs one load while it is awake. An eventfd.
class Doorbell {
 public:
  Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;
  ~Doorbell();

  // Readable when it was rung.
  [[nodiscard]] int descriptor() const { return descriptor_; }

  // Any thread, between bursts.
  void ring() noexcept {
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) wake();
  }

  // The sleeper: about to sleep. It must look for work once more behind this call.
  void will_sleep() noexcept { asleep_.store(true, std::memory_order_seq_cst); }
  // It is awake.
  void clear() noexcept;

 private:
  void wake() noexcept;

  int descriptor_;
  std::atomic<bool> asleep_ = false;
};

}  // namespace espgate::dataplane::live
