// SPDX-License-Identifier: Apache-2.0
#include "control/event_loop.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

namespace espgate::control {

Expected<EventLoop> EventLoop::create() {
  channel::Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return tl::unexpected(fmt::format("can't make an epoll descriptor: {}", std::strerror(errno)));
  return EventLoop(std::move(epoll));
}

void EventLoop::add(int descriptor, Callback callback) {
  callbacks_[descriptor] = std::move(callback);
  epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
}

void EventLoop::remove(int descriptor) {
  callbacks_.erase(descriptor);
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

// A callback may remove itself and others: each is looked up anew, and kept while it runs.
void EventLoop::step() {
  std::array<epoll_event, 16> events = {};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
  for (int i = 0; i < count; ++i) {
    const auto found = callbacks_.find(events[static_cast<std::size_t>(i)].data.fd);
    if (found == callbacks_.end()) continue;
    const Callback callback = found->second;
    callback();
  }
}

Timer::Timer() : descriptor_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

void Timer::set(std::chrono::milliseconds interval) const {
  itimerspec when = {};
  when.it_interval.tv_sec = interval.count() / 1000;
  when.it_interval.tv_nsec = interval.count() % 1000 * 1'000'000;
  when.it_value = when.it_interval;
  (void)::timerfd_settime(descriptor_.get(), 0, &when, nullptr);
}

void Timer::clear() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(descriptor_.get(), &count, sizeof count);
}

}  // namespace espgate::control
