// SPDX-License-Identifier: Apache-2.0
#include "channel/callers.h"

#include "channel/handshake.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

namespace espgate::channel {
namespace {

std::string name_of(const ucred& credentials) {
  return fmt::format("process {} of user {}", credentials.pid, credentials.uid);
}

}  // namespace

Callers::Callers(int epoll, std::uint64_t tag, uid_t control_uid, std::chrono::milliseconds patience)
    : epoll_(epoll),
      tag_(tag),
      control_uid_(control_uid),
      patience_(patience),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = tag}};
  (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_.get(), &event);
}

void Callers::refuse(Accepted caller, const std::string& why, const Handler& handler) {
  (void)send_message(caller.socket.get(), message_bytes(make_refusal(why)));
  if (handler.complaint) handler.complaint(fmt::format("refused {}: {}", name_of(caller.credentials), why));
}

void Callers::accept(UnixListener& listener, const Handler& handler) {
  for (unsigned i = 0; i < 2 * most; ++i) {
    Accepted caller = {listener.accept(), {}};
    if (!caller.socket) return;
    caller.credentials = peer_credentials(caller.socket.get());
    if (caller.credentials.uid != control_uid_ && caller.credentials.uid != 0) {
      refuse(std::move(caller),
             fmt::format("only user {} and root may connect; run control as one of them", control_uid_),
             handler);
    } else if (callers_.size() == most) {
      refuse(std::move(caller), "too many others have connected and not said hello; try again in a second",
             handler);
    } else {
      epoll_event event = {.events = EPOLLIN, .data = {.u64 = tag_}};
      (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, caller.socket.get(), &event);
      callers_.push_back({std::move(caller), Clock::now() + patience_});
    }
  }
}

void Callers::step(const Handler& handler) {
  std::erase_if(callers_, [&](Caller& caller) { return listen_to(caller, handler); });
  set_timer();
}

bool Callers::listen_to(Caller& caller, const Handler& handler) {
  const Message message = receive_message(caller.accepted.socket.get());
  if (message.kind == Message::Kind::nothing_yet && Clock::now() < caller.deadline) return false;
  (void)::epoll_ctl(epoll_, EPOLL_CTL_DEL, caller.accepted.socket.get(), nullptr);
  if (message.kind == Message::Kind::nothing_yet) {
    refuse(std::move(caller.accepted), fmt::format("no hello within {} ms", patience_.count()), handler);
  } else if (message.kind == Message::Kind::closed) {
    if (handler.complaint) {
      handler.complaint(
          fmt::format("{} connected and left without a hello", name_of(caller.accepted.credentials)));
    }
  } else if (const auto fits = check_hello(message.bytes); !fits) {
    refuse(std::move(caller.accepted), fits.error(), handler);
  } else {
    handler.hello(std::move(caller.accepted));
  }
  return true;
}

// The timer fires at the next deadline; with nobody waiting it is off.
void Callers::set_timer() {
  itimerspec when = {};
  if (!callers_.empty()) {
    const std::chrono::nanoseconds wait =
        callers_.front().deadline - Clock::now();                              // the first has waited longest
    const std::int64_t nanoseconds = std::max<std::int64_t>(wait.count(), 1);  // 0 would turn it off
    when.it_value.tv_sec = nanoseconds / 1'000'000'000;
    when.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  }
  (void)::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

}  // namespace espgate::channel
