// SPDX-License-Identifier: Apache-2.0
#include "control/timer_wheel.h"

#include <algorithm>

namespace espgate::control {

// The tick after, so that nothing is early; what is overdue comes with the next tick.
void TimerWheel::add(TimePoint when, std::uint64_t owner) {
  const std::int64_t at = std::max(tick_of(when) + 1, position_ + 1);
  slots_[static_cast<std::size_t>(at) % slots].push_back({when, owner});
  ++size_;
}

std::vector<TimerWheel::Due> TimerWheel::advance(TimePoint now) {
  std::vector<Due> due;
  const std::int64_t until = tick_of(now);
  if (until <= position_) return due;
  const std::int64_t first = std::max(position_ + 1, until - static_cast<std::int64_t>(slots) + 1);
  for (std::int64_t at = first; at <= until; ++at)
    take_due(slots_[static_cast<std::size_t>(at) % slots], until, due);
  position_ = until;
  size_ -= due.size();
  return due;
}

void TimerWheel::take_due(std::vector<Due>& slot, std::int64_t until, std::vector<Due>& due) {
  const auto is_later = [&](const Due& each) { return tick_of(each.when) + 1 > until; };
  const auto middle = std::partition(slot.begin(), slot.end(), is_later);
  due.insert(due.end(), middle, slot.end());
  slot.erase(middle, slot.end());
}

}  // namespace espgate::control
