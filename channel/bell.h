// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"

#include <cstdint>

#include <sys/eventfd.h>

namespace espgate::channel {

// Wakes one process: an eventfd, readable from ring() to clear(). All rings that a process reads or waits for
// share its bell. ring() may be called by any thread of either process.
class Bell {
 public:
  Bell() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  explicit Bell(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  void ring() const noexcept {
    const std::uint64_t one = 1;
    // It can fail only when 2^64 - 2 rings are waiting, and then it is readable anyway.
    [[maybe_unused]] const auto written = ::write(descriptor_.get(), &one, sizeof one);
  }
  void clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(descriptor_.get(), &count, sizeof count);
  }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  [[nodiscard]] explicit operator bool() const { return static_cast<bool>(descriptor_); }

 private:
  Descriptor descriptor_;
};

}  // namespace espgate::channel
