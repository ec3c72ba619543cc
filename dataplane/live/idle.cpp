// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/idle.h"

#include <algorithm>
#include <ctime>

namespace espgate::dataplane::live {
namespace {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

void Idle::start() {
  if (mode_ != config::Idle::adaptive || queues_.empty()) return;
  interrupts_ = std::all_of(queues_.begin(), queues_.end(),
                            [](const RxQueue& each) { return each.port->add_to_wait_set(each.queue); });
}

void Idle::after_round(unsigned work) {
  if (work != 0) {
    empty_rounds_ = 0;
    next_sleep_ = shortest_sleep;
    return;
  }
  if (mode_ == config::Idle::poll || ++empty_rounds_ < spins) {
    relax();
    return;
  }
  rcu_.offline(worker_);
  interrupts_ ? wait_for_interrupt() : sleep();
  rcu_.online(worker_);
}

void Idle::sleep() {
  const timespec duration{0, next_sleep_.count() * 1000};
  nanosleep(&duration, nullptr);
  next_sleep_ = std::min(next_sleep_ * 2, longest_sleep);
}

// A millisecond at most: other threads' rings don't interrupt.
void Idle::wait_for_interrupt() {
  for (const RxQueue& each : queues_) each.port->arm(each.queue);
  dpdk::wait_for_packets(1);
  for (const RxQueue& each : queues_) each.port->disarm(each.queue);
}

}  // namespace espgate::dataplane::live
