// SPDX-License-Identifier: Apache-2.0
#include "client/carrier.h"

#include "client/signals.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/epoll.h>

namespace espgate::client {
namespace {

constexpr unsigned watched = 3;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

Expected<std::unique_ptr<Carrier>> Carrier::make(const Parts& parts, const Reporting& reporting) {
  FileDescriptor signals = take_signals();
  if (!signals.is_open()) return system_failure("", "wait for signals", errno);
  FileDescriptor poll(::epoll_create1(EPOLL_CLOEXEC));
  if (!poll.is_open()) return system_failure("", "wait for packets", errno);
  std::unique_ptr<Carrier> carrier(new Carrier(parts, reporting, std::move(signals), std::move(poll)));
  if (auto watching = carrier->watch(); !watching) return fail(std::move(watching.error()));
  return carrier;
}

Carrier::Carrier(const Parts& parts, const Reporting& reporting, FileDescriptor signals, FileDescriptor poll)
    : parts_(parts),
      reporting_(reporting),
      signals_(std::move(signals)),
      poll_(std::move(poll)),
      path_(parts.engine, parts.tunnel),
      keepalive_(Clock::now()),
      next_report_(reporting.interval.count() == 0 ? Clock::time_point::max()
                                                   : Clock::now() + reporting.interval) {}

Expected<void> Carrier::watch() {
  for (const int descriptor : {signals_.get(), parts_.socket.descriptor(), parts_.tun.descriptor()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0)
      return system_failure("", "wait for packets", errno);
  }
  return {};
}

Expected<void> Carrier::run() {
  auto ended = loop();
  print(reporting_.json ? report().json() : report().text());
  return ended;
}

Expected<void> Carrier::loop() {
  for (;;) {
    std::array<epoll_event, watched> events{};
    const int count = ::epoll_wait(poll_.get(), events.data(), watched, milliseconds_until_due(Clock::now()));
    if (count < 0 && errno != EINTR) return system_failure("", "wait for packets", errno);
    const auto now = Clock::now();
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == signals_.get()) return {};
      if (descriptor == parts_.socket.descriptor()) carry_inbound();
      if (descriptor == parts_.tun.descriptor())
        if (auto carried = carry_outbound(now); !carried) return carried;
    }
    do_what_is_due(now);
  }
}

Expected<void> Carrier::carry_outbound(Clock::time_point now) {
  if (auto received = parts_.tun.receive(burst_, buffers_); !received) return received;
  if (burst_.count() == 0) return {};
  provide_numbers();
  path_.encapsulate(burst_);
  parts_.socket.send(burst_);
  if (burst_.live_count() != 0) keepalive_.packet_sent(now);
  path_.count_sent(burst_);
  tell_first_unreachable();
  return {};
}

void Carrier::carry_inbound() {
  parts_.socket.receive(burst_, buffers_);
  path_.decapsulate(burst_);
  parts_.tun.send(burst_);
  path_.count_received(burst_);
  tell_first_unreachable();
}

// An SA whose numbers could not be extended goes on with those it has; esp_push sends nothing beyond them.
void Carrier::provide_numbers() {
  const auto provided = parts_.numbers.provide(parts_.tunnel.outbound());
  if (provided || told_numbers_) return;
  told_numbers_ = true;
  std::fprintf(stderr, "espgate-client: warning: %s\n", provided.error().to_string().c_str());
}

void Carrier::do_what_is_due(Clock::time_point now) {
  if (keepalive_.is_due(now)) {
    parts_.socket.send_keepalive();
    keepalive_.packet_sent(now);
    ++keepalives_sent_;
  }
  if (now >= next_report_) {
    print(reporting_.json ? report().json() : report().line());
    next_report_ = now + reporting_.interval;
  }
}

int Carrier::milliseconds_until_due(Clock::time_point now) const {
  const auto due = std::min(keepalive_.deadline(), next_report_);
  if (due <= now) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(due - now).count());
}

void Carrier::tell_first_unreachable() {
  if (told_unreachable_ || parts_.socket.unreachable() == 0) return;
  told_unreachable_ = true;
  std::fprintf(
      stderr,
      "espgate-client: warning: the gateway can't be reached: %s; going on, further ones are counted\n",
      std::strerror(parts_.socket.last_error()));
}

Report Carrier::report() const {
  return {.path = path_,
          .outbound = parts_.tunnel.outbound(),
          .keepalives_sent = keepalives_sent_,
          .ipv6_packets = parts_.tun.ipv6_packets(),
          .unreachable = parts_.socket.unreachable()};
}

}  // namespace espgate::client
