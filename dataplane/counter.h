// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace espgate::dataplane {

// A number that one thread writes and any may read. Adding is a plain load and store: nothing is locked, and
// no other core's cache line is taken.
class Counter {
 public:
  constexpr Counter() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a number in all but name
  constexpr Counter(std::uint64_t value) : value_(value) {}
  Counter(const Counter& other) : value_(other.value()) {}
  Counter& operator=(const Counter& other) {
    value_.store(other.value(), std::memory_order_relaxed);
    return *this;
  }
  ~Counter() = default;

  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator std::uint64_t() const { return value(); }

  Counter& operator+=(std::uint64_t more) {
    value_.store(value() + more, std::memory_order_relaxed);
    return *this;
  }
  Counter& operator++() { return *this += 1; }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};
static_assert(sizeof(Counter) == sizeof(std::uint64_t) && std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace espgate::dataplane
