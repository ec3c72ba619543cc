// SPDX-License-Identifier: Apache-2.0
#include "service/notifier.h"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace espgate::service {
namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [stopped, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

// Of the same clock as the service manager's, CLOCK_MONOTONIC.
std::uint64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

// A line is one assignment.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& each : line)
    if (each == '\n' || each == '\r') each = ' ';
  return line;
}

}  // namespace

Notifier Notifier::from_environment() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  Notifier notifier(socket == nullptr ? std::string() : std::string(socket));
  ::unsetenv("NOTIFY_SOCKET");
  return notifier;
}

Notifier::Notifier(std::string socket) : address_(std::move(socket)) {
  const bool usable = address_.size() > 1 && (address_.front() == '/' || address_.front() == '@') &&
                      address_.size() < sizeof(sockaddr_un::sun_path);
  if (usable) socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

Notifier::Notifier(Notifier&& other) noexcept
    : address_(std::move(other.address_)),
      status_(std::move(other.status_)),
      socket_(std::exchange(other.socket_, -1)) {}

Notifier::~Notifier() {
  if (socket_ >= 0) ::close(socket_);
}

void Notifier::ready(std::string_view status) {
  status_ = one_line(status);
  send("READY=1\nSTATUS=" + status_);
}

void Notifier::reloading() { send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds())); }

void Notifier::stopping(std::string_view status) {
  status_ = one_line(status);
  send("STOPPING=1\nSTATUS=" + status_);
}

void Notifier::status(std::string_view text) {
  std::string line = one_line(text);
  if (line == status_) return;
  status_ = std::move(line);
  send("STATUS=" + status_);
}

void Notifier::alive() { send("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> Notifier::watchdog() {
  const auto limit = number_in("WATCHDOG_USEC");
  if (!limit || *limit == 0) return std::nullopt;
  const auto process = number_in("WATCHDOG_PID");
  if (process && *process != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
  return std::chrono::microseconds(*limit);
}

// What can't be sent is lost: a service manager that does not read is no reason to stop forwarding.
void Notifier::send(const std::string& text) {
  if (socket_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  if (address_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  (void)::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 length);
}

}  // namespace espgate::service
