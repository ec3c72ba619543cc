// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace espgate::dataplane {

// Limits how often something happens: `burst` times at once, and on average once in `period`, cycles or
// nanoseconds as the caller likes. Not a count of tokens but the time at which the bucket will be full again
// (the generic cell rate algorithm, ITU-T I.371), so that nothing has to be divided. For one thread.
class TokenBucket {
 public:
  constexpr TokenBucket(std::uint64_t period, std::uint32_t burst)
      : period_(period), tolerance_(period * (burst == 0 ? 0 : burst - 1)), allows_(burst != 0) {}

  // Whether it may happen at `now`, and if so takes note that it does. `now` never goes back.
  [[nodiscard]] constexpr bool take(std::uint64_t now) {
    if (full_at_ > now + tolerance_ || !allows_) return false;
    full_at_ = (full_at_ > now ? full_at_ : now) + period_;
    return true;
  }

 private:
  std::uint64_t period_;
  std::uint64_t tolerance_;
  std::uint64_t full_at_ = 0;
  bool allows_;
};

}  // namespace espgate::dataplane
