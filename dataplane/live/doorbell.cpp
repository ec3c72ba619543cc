// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/doorbell.h"

#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace espgate::dataplane::live {

Doorbell::Doorbell() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Doorbell::~Doorbell() { close(descriptor_); }

void Doorbell::wake() noexcept { (void)eventfd_write(descriptor_, 1); }

void Doorbell::clear() noexcept {
  asleep_.store(false, std::memory_order_relaxed);
  eventfd_t value = 0;
  (void)eventfd_read(descriptor_, &value);
}

}  // namespace espgate::dataplane::live
