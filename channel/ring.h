// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <boost/lockfree/spsc_queue.hpp>

namespace espgate::channel {

// A ring of records between one writer and one reader, in memory that both processes have mapped (at two
// addresses, so it contains no pointer). Nothing here makes a system call; it only says when the other side
// wants its bell rung.
//
// Two flags keep either side from sleeping through what it waits for. Whoever is about to sleep sets its flag
// and then looks at the ring once more; the other changes the ring and then takes the flag. Both touch the
// flag with one read-modify-write: if the taker comes second it finds the flag and rings, if it comes first
// the sleeper sees what was done before.
template <typename Record, std::size_t Capacity>
class Ring {
 public:
  static constexpr std::size_t capacity = Capacity;

  // The writer's. `source` is a Record, or what a Record can be made of in place. False: full.
  template <typename Source>
  [[nodiscard]] bool push(const Source& source) noexcept {
    return queue_.push(&source, &source + 1) != &source;
  }
  // After pushing: true if the reader sleeps and its bell must be rung.
  [[nodiscard]] bool take_reader_sleeps() noexcept {
    return reader_sleeps_.exchange(0, std::memory_order_acq_rel) != 0;
  }
  // After a push that failed: true if it is still full; the reader then rings once there is room.
  [[nodiscard]] bool wait_for_room() noexcept {
    writer_waits_.exchange(1, std::memory_order_acq_rel);
    return queue_.write_available() == 0;
  }

  // The reader's: calls `take` with up to `most` records, each in place, where it may be changed and wiped.
  // Returns how many.
  template <typename Take>
  std::size_t consume(std::size_t most, Take&& take) {
    std::size_t count = 0;
    while (count < most && queue_.consume_one(take)) ++count;
    return count;
  }
  // After consuming: true if the writer waits for room and its bell must be rung.
  [[nodiscard]] bool take_writer_waits() noexcept {
    return writer_waits_.exchange(0, std::memory_order_acq_rel) != 0;
  }
  // Before sleeping: true if there is nothing to read; the writer then rings with its next record.
  [[nodiscard]] bool sleep() noexcept {
    reader_sleeps_.exchange(1, std::memory_order_acq_rel);
    return queue_.read_available() == 0;
  }

 private:
  static_assert(std::is_trivially_copyable_v<Record>);

  boost::lockfree::spsc_queue<Record, boost::lockfree::capacity<Capacity>> queue_;
  alignas(64) std::atomic<std::uint32_t> reader_sleeps_{1};
  alignas(64) std::atomic<std::uint32_t> writer_waits_{0};
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
};

}  // namespace espgate::channel
