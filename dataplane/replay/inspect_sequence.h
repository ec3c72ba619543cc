// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace espgate::replay {

// All numbers here are the 32 bits that ESP has on the wire; a range may reach over their wrap.
struct NumberRange {
  std::uint32_t first;
  std::uint32_t last;

  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

// A number that came twice, and in which frames.
struct RepeatedNumber {
  std::uint32_t number;
  std::uint32_t first_frame;
  std::uint32_t frame;

  friend bool operator==(const RepeatedNumber&, const RepeatedNumber&) = default;
};

// What an SA's sequence numbers tell. Of ranges and repeated numbers the first few are kept; counts are
// whole.
struct SequenceFindings {
  std::uint64_t packets = 0;
  std::uint32_t first = 0;    // of the first packet
  std::uint32_t last = 0;     // the highest, since the last restart
  std::uint64_t missing = 0;  // between the lowest and the highest
  std::uint64_t gaps = 0;     // runs of missing numbers
  std::vector<NumberRange> first_gaps;
  std::uint64_t duplicates = 0;  // the same packet again
  std::vector<RepeatedNumber> first_duplicates;
  std::uint64_t reused = 0;  // another packet with a number that was used before
  std::vector<RepeatedNumber> first_reused;
  std::uint64_t out_of_order = 0;     // for the first time, but behind a higher number
  std::uint64_t farthest_behind = 0;  // of these
  std::uint64_t late = 0;      // too far behind to tell whether it came before; it may count as missing
  std::uint64_t strays = 0;    // far ahead, and nothing followed there: damaged or forged
  std::uint64_t wraps = 0;     // past 2^32 - 1, which only an SA with extended numbers may
  std::uint64_t restarts = 0;  // the sender began again at 1
  std::uint64_t zeros = 0;     // RFC 4303 §3.3.3 has a sender begin with 1
};

// The missing numbers, told in ascending order. Here and in the tracker numbers have 64 bits: a wrap counts
// on.
class GapList {
 public:
  void add(std::uint64_t first, std::uint64_t last);
  // What comes next starts over, so it continues no run.
  void start_over() { last_ = 0; }
  void write_to(SequenceFindings& findings) const;

 private:
  std::uint64_t missing_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t last_ = 0;
  std::vector<NumberRange> first_gaps_;
};

// Follows one SA's sequence numbers through a capture of any length in at most 16 KiB: of the last `window`
// numbers it knows the frames that they came in, of what lies before only sums.
class SequenceTracker {
 public:
  static constexpr std::uint64_t window = 2048;
  static constexpr std::size_t examples_kept = 8;

  // `frame` counts from 1. `fingerprint` is of the packet's bytes: equal in a copy of the packet and, as good
  // as always, different in another packet of the same number.
  void add(std::uint32_t sequence, std::uint32_t frame, std::uint32_t fingerprint);
  // As far as the capture has come; numbers that may still arrive count as missing.
  [[nodiscard]] SequenceFindings findings() const;

 private:
  using Counter = std::uint64_t SequenceFindings::*;
  struct Slot {
    std::uint32_t frame = 0;  // 0: the number has not come
    std::uint32_t fingerprint = 0;
  };
  struct Held {
    std::uint32_t sequence;
    Slot slot;
    Counter counted_as;
  };

  [[nodiscard]] std::uint64_t extend(std::uint32_t sequence) const;
  [[nodiscard]] Slot& slot(std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }
  [[nodiscard]] std::uint64_t ring_start() const { return highest_ - ring_.size() + 1; }
  void begin(std::uint32_t sequence, Slot packet);
  void advance(std::uint64_t number, Slot packet);
  void fill(std::uint64_t number, Slot packet);
  void put(std::uint64_t number, Slot packet);
  void make_room(std::uint64_t numbers);
  void add_missing(GapList& gaps, std::uint64_t end) const;
  void hold(std::uint64_t number, const Held& packet);
  void move_to_run(std::uint64_t number);

  SequenceFindings sums_;
  GapList gaps_;
  std::vector<Slot> ring_;  // of the numbers up to highest_; its size is a power of two and grows to `window`
  std::uint64_t highest_ = 0;
  std::uint64_t lowest_ = 0;
  // Packets far from the rest that follow each other: where the sender goes on, if enough of them come.
  std::vector<Held> run_;
  std::size_t reused_before_run_ = 0;  // size of first_reused
};

}  // namespace espgate::replay
