// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace espgate::dataplane::live {

// Which of a fixed number of slots one thread may fill and another may read; the slots are the owner's. Never
// blocks.
class SlotRing {
 public:
  // `slots`: a power of two.
  explicit SlotRing(std::size_t slots) : slots_(slots) { assert(std::has_single_bit(slots)); }

  // The filler: the slot to fill next, again and again the same until publish(); nullopt: all are full.
  [[nodiscard]] std::optional<std::size_t> claim() const noexcept {
    const std::uint64_t filled = filled_.load(std::memory_order_relaxed);
    if (filled - read_.load(std::memory_order_acquire) == slots_) return std::nullopt;
    return filled & (slots_ - 1);
  }
  void publish() noexcept {
    filled_.store(filled_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // The reader: the slot that was filled longest ago, until pop(); nullopt: all are empty.
  [[nodiscard]] std::optional<std::size_t> front() const noexcept {
    const std::uint64_t read = read_.load(std::memory_order_relaxed);
    if (read == filled_.load(std::memory_order_acquire)) return std::nullopt;
    return read & (slots_ - 1);
  }
  void pop() noexcept { read_.store(read_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  [[nodiscard]] std::size_t slots() const { return slots_; }

 private:
  std::size_t slots_;
  alignas(64) std::atomic<std::uint64_t> filled_ = 0;
  alignas(64) std::atomic<std::uint64_t> read_ = 0;
};

}  // namespace espgate::dataplane::live
