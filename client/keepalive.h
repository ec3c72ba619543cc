// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace espgate::client {

// When to send the byte that keeps a NAT's mapping alive (RFC 3948 §2.3, §4): 20 seconds after the last
// packet of any kind. Reads no clock.
class Keepalive {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::byte payload{0xff};
  static constexpr std::chrono::seconds interval{20};

  explicit Keepalive(TimePoint now) : last_sent_(now) {}

  void packet_sent(TimePoint now) { last_sent_ = now; }
  [[nodiscard]] TimePoint deadline() const { return last_sent_ + interval; }
  [[nodiscard]] bool is_due(TimePoint now) const { return now >= deadline(); }

 private:
  TimePoint last_sent_;
};

}  // namespace espgate::client
