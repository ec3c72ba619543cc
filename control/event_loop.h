// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "control/error.h"

#include <chrono>
#include <functional>
#include <map>

namespace espgate::control {

// Waits on descriptors and calls what was registered for each. One thread.
class EventLoop {
 public:
  using Callback = std::function<void()>;

  [[nodiscard]] static Expected<EventLoop> create();

  // Calls `callback` while `descriptor` is readable, until remove().
  void add(int descriptor, Callback callback);
  // Before it is closed. Also from a callback, its own too.
  void remove(int descriptor);
  // Waits for something and calls back.
  void step();

 private:
  explicit EventLoop(channel::Descriptor epoll) : epoll_(std::move(epoll)) {}

  channel::Descriptor epoll_;
  std::map<int, Callback> callbacks_;
};

// A timer that fires again and again; off when made.
class Timer {
 public:
  Timer();
  void set(std::chrono::milliseconds interval) const;
  void stop() const { set(std::chrono::milliseconds(0)); }
  // Lets it fire again.
  void clear() const;
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

 private:
  channel::Descriptor descriptor_;
};

}  // namespace espgate::control
