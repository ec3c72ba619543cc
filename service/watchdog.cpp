// SPDX-License-Identifier: Apache-2.0
#include "service/watchdog.h"

#include <algorithm>

namespace espgate::service {

bool Watchdog::may_tell(TimePoint now, std::span<const std::uint64_t> hearts) {
  if (hearts_.size() != hearts.size()) {
    hearts_.clear();
    for (const std::uint64_t count : hearts) hearts_.push_back({count, now, false});
  }
  for (std::size_t i = 0; i < hearts.size(); ++i) {
    if (hearts_[i].count == hearts[i]) continue;
    hearts_[i] = {hearts[i], now, true};
  }
  if (!feeding_ || (told_ && now - *told_ < limit_ / 4)) return false;
  if (!std::ranges::all_of(hearts_, &Heart::since_told)) return false;
  told_ = now;
  for (Heart& heart : hearts_) heart.since_told = false;
  return true;
}

std::optional<std::size_t> Watchdog::stuck(TimePoint now) const {
  for (std::size_t i = 0; i < hearts_.size(); ++i)
    if (now - hearts_[i].beaten > limit_ / 2) return i;
  return std::nullopt;
}

}  // namespace espgate::service
