// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "channel/error.h"
#include "channel/unix_socket.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace espgate::channel {

// Processes that have connected to the data plane's socket and not said hello yet. A few at a time, each for
// a short while; none of them makes the manager wait.
class Callers {
 public:
  static constexpr std::size_t most = 4;

  struct Accepted {
    Descriptor socket;
    ucred credentials;
  };
  struct Handler {
    std::function<void(Accepted)> hello;                // said hello, and fits
    std::function<void(const std::string&)> complaint;  // was refused: who, and why
  };

  // `epoll` gets the callers' sockets, with `tag`, and a timer. `control_uid` and root may connect.
  Callers(int epoll, std::uint64_t tag, uid_t control_uid, std::chrono::milliseconds patience);

  // Takes who waits at the listener.
  void accept(UnixListener& listener, const Handler& handler);
  // Reads what they said and lets go of those whose time is up.
  void step(const Handler& handler);

  // Tells a caller why and hangs up.
  static void refuse(Accepted caller, const std::string& why, const Handler& handler);

 private:
  using Clock = std::chrono::steady_clock;
  struct Caller {
    Accepted accepted;
    Clock::time_point deadline;
  };
  // True: this caller is done, one way or the other.
  bool listen_to(Caller& caller, const Handler& handler);
  void set_timer();

  int epoll_;
  std::uint64_t tag_;
  uid_t control_uid_;
  std::chrono::milliseconds patience_;
  Descriptor timer_;
  std::vector<Caller> callers_;
};

}  // namespace espgate::channel
