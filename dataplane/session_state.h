// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/counter.h"
#include "dataplane/rate_meter.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace espgate::dataplane {

// The limit of one direction of a session. The owner worker asks; the manager gives it another meter
// meanwhile.
class RateLimit {
 public:
  RateLimit() = default;
  RateLimit(const RateLimit&) = delete;
  RateLimit& operator=(const RateLimit&) = delete;
  ~RateLimit() { delete meter_.load(); }

  // The owner worker's. Whether the packet may go on; if not it is counted here.
  [[nodiscard]] bool pass(std::uint32_t bytes, std::uint64_t now) noexcept {
    RateMeter* meter = meter_.load(std::memory_order_acquire);
    if (meter == nullptr || meter->pass(bytes, now)) return true;
    ++dropped_packets_;
    return false;
  }
  // The manager's. nullptr: no limit. Gives back the meter before, which the worker may use until it was
  // quiescent.
  [[nodiscard]] std::unique_ptr<RateMeter> exchange(std::unique_ptr<RateMeter> meter) noexcept {
    return std::unique_ptr<RateMeter>(meter_.exchange(meter.release(), std::memory_order_acq_rel));
  }
  // Any thread.
  [[nodiscard]] std::uint64_t dropped_packets() const { return dropped_packets_; }

 private:
  std::atomic<RateMeter*> meter_ = nullptr;
  Counter dropped_packets_;
};

// What goes on when control updates a session, which makes another Session of it. Only sessions that count
// have one. Written by the owner worker, but for the meters.
struct alignas(64) SessionState {
  // Of the next data message, where the client has asked for sequence numbers. They start at 0 and go on
  // where they were when they are left out for a while (RFC 2661 §5.4).
  std::uint16_t next_ns = 0;
  RateLimit from_client, to_client;
};
static_assert(sizeof(SessionState) == 64);

}  // namespace espgate::dataplane
