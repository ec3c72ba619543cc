// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_sequence.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace espgate::replay {
namespace {

// The first number is counted from here, so that numbers below it have room.
constexpr std::uint64_t base = std::uint64_t{1} << 32;
// Farther ahead than this needs a run of packets to be believed. A gateway that comes back after a crash may
// rightly skip 2^16 numbers.
constexpr std::uint64_t farthest_jump = std::uint64_t{1} << 17;
// As RFC 3550 A.1 does it for RTP: what looks like a new beginning is believed when this many packets…
constexpr std::size_t run_length = 4;
// … follow each other this closely, and, behind the highest number, begin as low.
constexpr std::uint32_t run_step = 64;
constexpr std::size_t first_ring_size = 16;

std::uint32_t wire(std::uint64_t number) { return static_cast<std::uint32_t>(number); }

void keep_example(std::vector<RepeatedNumber>& examples, const RepeatedNumber& example) {
  if (examples.size() < SequenceTracker::examples_kept) examples.push_back(example);
}

}  // namespace

void GapList::add(std::uint64_t first, std::uint64_t last) {
  missing_ += last - first + 1;
  const bool continues = gaps_ > 0 && first == last_ + 1;
  last_ = last;
  if (!continues) ++gaps_;
  if (gaps_ > SequenceTracker::examples_kept) return;
  if (continues) {
    first_gaps_.back().last = wire(last);
  } else {
    first_gaps_.push_back({wire(first), wire(last)});
  }
}

void GapList::write_to(SequenceFindings& findings) const {
  findings.missing = missing_;
  findings.gaps = gaps_;
  findings.first_gaps = first_gaps_;
}

void SequenceTracker::add(std::uint32_t sequence, std::uint32_t frame, std::uint32_t fingerprint) {
  const Slot packet{frame, fingerprint};
  if (sums_.packets++ == 0) {
    sums_.first = sequence;
    return begin(sequence, packet);
  }
  const std::uint64_t number = extend(sequence);
  if (number > highest_ && number - highest_ > farthest_jump)
    return hold(number, {sequence, packet, &SequenceFindings::strays});
  if (number > highest_) {
    run_.clear();
    return advance(number, packet);
  }
  if (highest_ - number >= window || number + run_step < lowest_)
    return hold(number, {sequence, packet, &SequenceFindings::late});
  make_room(highest_ - number + 1);
  const Slot& seen = slot(number);
  if (seen.frame == 0) return fill(number, packet);
  if (seen.fingerprint == fingerprint) {
    ++sums_.duplicates;
    return keep_example(sums_.first_duplicates, {sequence, seen.frame, frame});
  }
  if (run_.empty()) reused_before_run_ = sums_.first_reused.size();
  keep_example(sums_.first_reused, {sequence, seen.frame, frame});
  hold(number, {sequence, packet, &SequenceFindings::reused});
}

// The number with these low 32 bits that is nearest to the highest.
std::uint64_t SequenceTracker::extend(std::uint32_t sequence) const {
  const auto distance = static_cast<std::int32_t>(sequence - wire(highest_));
  return highest_ + static_cast<std::uint64_t>(std::int64_t{distance});
}

void SequenceTracker::begin(std::uint32_t sequence, Slot packet) {
  ring_.assign(first_ring_size, {});
  lowest_ = highest_ = base + sequence;
  put(highest_, packet);
}

void SequenceTracker::put(std::uint64_t number, Slot packet) {
  slot(number) = packet;
  if (number == base) ++sums_.zeros;
}

void SequenceTracker::advance(std::uint64_t number, Slot packet) {
  make_room(number - lowest_ + 1);
  const std::uint64_t new_start = number - ring_.size() + 1;
  add_missing(gaps_, new_start);
  const std::uint64_t leaving = std::min<std::uint64_t>(number - highest_, ring_.size());
  for (std::uint64_t i = 0; i < leaving; ++i) slot(ring_start() + i) = {};
  sums_.wraps += (number >> 32) - (highest_ >> 32);
  highest_ = number;
  put(number, packet);
}

void SequenceTracker::fill(std::uint64_t number, Slot packet) {
  run_.clear();
  put(number, packet);
  lowest_ = std::min(lowest_, number);
  ++sums_.out_of_order;
  sums_.farthest_behind = std::max(sums_.farthest_behind, highest_ - number);
}

// Below `window` numbers nothing has left the ring yet, so that a larger one knows all of them.
void SequenceTracker::make_room(std::uint64_t numbers) {
  const std::size_t size = std::bit_ceil(std::min(numbers, window));
  if (size <= ring_.size()) return;
  const std::uint64_t start = ring_start();
  const std::vector<Slot> old = std::exchange(ring_, std::vector<Slot>(size));
  for (std::uint64_t number = start; number <= highest_; ++number)
    slot(number) = old[number & (old.size() - 1)];
}

// Tells `gaps` of the missing numbers below `end` that are in the ring or, with a jump, ahead of it.
void SequenceTracker::add_missing(GapList& gaps, std::uint64_t end) const {
  const std::uint64_t in_ring = std::min(end, highest_ + 1);
  for (std::uint64_t number = std::max(lowest_, ring_start()); number < in_ring; ++number)
    if (ring_[number & (ring_.size() - 1)].frame == 0) gaps.add(number, number);
  if (end > highest_ + 1) gaps.add(highest_ + 1, end - 1);
}

// Counts a packet that is far from where the sender was, until a run of such shows that the sender is there.
void SequenceTracker::hold(std::uint64_t number, const Held& packet) {
  ++(sums_.*packet.counted_as);
  const bool follows = !run_.empty() && packet.sequence - run_.back().sequence - 1 < run_step;
  if (!follows) run_.clear();
  if (run_.empty() && packet.counted_as != &SequenceFindings::reused)
    reused_before_run_ = sums_.first_reused.size();
  run_.push_back(packet);
  if (run_.size() == run_length) move_to_run(number);
  if (run_.size() > run_length) run_.pop_back();
}

void SequenceTracker::move_to_run(std::uint64_t number) {
  const std::uint32_t first = run_.front().sequence;
  const bool ahead = number > highest_ && (number >> 32) == (highest_ >> 32);
  if (!ahead && first > run_step) return;  // packets that come late in their order look the same
  const std::vector<Held> run = std::exchange(run_, {});
  for (const Held& packet : run) --(sums_.*packet.counted_as);
  sums_.first_reused.resize(std::min(reused_before_run_, sums_.first_reused.size()));
  if (!ahead) {
    add_missing(gaps_, highest_ + 1);
    gaps_.start_over();
    ++sums_.restarts;
    begin(first, run.front().slot);
  }
  for (const Held& packet : run)
    if (ahead || &packet != &run.front()) advance(extend(packet.sequence), packet.slot);
}

SequenceFindings SequenceTracker::findings() const {
  SequenceFindings findings = sums_;
  findings.last = wire(highest_);
  if (findings.packets == 0) return findings;
  GapList gaps = gaps_;
  add_missing(gaps, highest_ + 1);
  gaps.write_to(findings);
  return findings;
}

}  // namespace espgate::replay
