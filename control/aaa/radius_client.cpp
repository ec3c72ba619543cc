// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_client.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace espgate::control::radius {
namespace {

using Clock = std::chrono::steady_clock;

void fill_random(std::span<std::byte> bytes) {
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("OpenSSL has no random numbers");
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress socket_address(const wire::IpAddress& address, std::uint16_t port) {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(address.as_v4());
    std::memcpy(&result.storage, &in, sizeof in);
    result.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.bytes().data(), address.bytes().size());
    std::memcpy(&result.storage, &in, sizeof in);
    result.length = sizeof in;
  }
  return result;
}

// The timer has no number among the sockets.
constexpr std::uint64_t timer_number = ~std::uint64_t{0};

bool watch(int epoll, int descriptor, std::uint64_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = number;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

}  // namespace

Settings settings_of(const config::Config& config) {
  const config::Radius& radius = config.radius;
  Settings settings;
  for (const config::RadiusServer& server : radius.servers) {
    const auto name = [&](std::uint16_t port) {
      return fmt::format("{} port {}", server.address.to_string(), port);
    };
    settings.servers.push_back({name(server.port), name(server.accounting_port), server.secret.clone()});
  }
  settings.nas = {radius.nas_identifier, radius.nas_ip_address.value_or(config.gateway_address())};
  settings.timeout = std::chrono::seconds(radius.timeout_seconds);
  settings.tries = radius.tries;
  settings.dead_time = std::chrono::seconds(radius.dead_seconds);
  settings.require_message_authenticator = radius.require_message_authenticator;
  return settings;
}

Expected<std::unique_ptr<Client>> Client::create(const config::Config& config) {
  channel::Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  channel::Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!epoll || !timer || !watch(epoll.get(), timer.get(), timer_number))
    return tl::unexpected(fmt::format("RADIUS: no descriptors for it: {}", std::strerror(errno)));
  return std::unique_ptr<Client>(new Client(config, std::move(epoll), std::move(timer)));
}

Client::Client(const config::Config& config, channel::Descriptor epoll, channel::Descriptor timer)
    : accounting_(config.radius.accounting),
      epoll_(std::move(epoll)),
      timer_(std::move(timer)),
      nas_(settings_of(config), fill_random, [] { return std::chrono::system_clock::now(); }) {
  for (const Service service : {Service::access, Service::accounting}) {
    for (std::size_t i = 0; i < config.radius.servers.size(); ++i) {
      const config::RadiusServer& server = config.radius.servers[i];
      const std::uint16_t port = service == Service::access ? server.port : server.accounting_port;
      sockets_.push_back({service, i, server.address, port, {}});
    }
  }
  for (Socket& socket : sockets_) (void)open(socket);
}

bool Client::open(Socket& socket) const {
  const SocketAddress to = socket_address(socket.address, socket.port);
  channel::Descriptor opened(
      ::socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP));
  if (!opened || ::connect(opened.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0)
    return false;
  const auto number = static_cast<std::uint64_t>(&socket - sockets_.data());
  if (!watch(epoll_.get(), opened.get(), number)) return false;
  socket.descriptor = std::move(opened);
  return true;
}

Expected<void> Client::ask(AccessRequest request) {
  auto asked = nas_.ask(std::move(request), Clock::now());
  flush();
  return asked;
}

void Client::account(AccountingRecord record) {
  if (!accounting_) return;
  nas_.account(std::move(record), Clock::now());
  flush();
}

void Client::step() {
  std::array<epoll_event, 16> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
    if (number < sockets_.size()) receive(sockets_[number]);
  }
  std::uint64_t expirations = 0;
  if (::read(timer_.get(), &expirations, sizeof expirations) == static_cast<ssize_t>(sizeof expirations))
    nas_.on_timer(Clock::now());
  flush();
}

// A bounded number at a time: what is left makes the descriptor readable again.
void Client::receive(Socket& socket) {
  std::array<std::byte, largest_packet> buffer;
  for (unsigned i = 0; i < 64; ++i) {
    const ssize_t got = ::recv(socket.descriptor.get(), buffer.data(), buffer.size(), 0);
    if (got >= 0) {
      nas_.on_datagram(socket.service, socket.server, std::span(buffer).first(static_cast<std::size_t>(got)),
                       Clock::now());
    } else if (errno == ECONNREFUSED) {
      nas_.on_refused(socket.service, socket.server, Clock::now());
    } else if (errno != EINTR) {
      return;
    }
  }
}

// What can't be sent counts as lost on its way: the next try may find a route. An error that the system has
// kept of an earlier datagram is fetched by this call, and the datagram sent by the next.
void Client::send(const Nas::Datagram& datagram) {
  const std::size_t servers = sockets_.size() / 2;
  Socket& socket =
      sockets_[datagram.service == Service::access ? datagram.server : servers + datagram.server];
  if (!socket.descriptor && !open(socket)) return;
  for (unsigned i = 0; i < 2; ++i) {
    const auto sent = ::send(socket.descriptor.get(), datagram.bytes.data(), datagram.bytes.size(), 0);
    if (sent >= 0 || errno != ECONNREFUSED) return;
    nas_.on_refused(datagram.service, datagram.server, Clock::now());
  }
}

void Client::flush() {
  for (auto datagrams = nas_.take_datagrams(); !datagrams.empty(); datagrams = nas_.take_datagrams())
    for (const Nas::Datagram& datagram : datagrams) send(datagram);
  set_timer();
}

void Client::set_timer() const {
  itimerspec timer{};
  if (const auto due = nas_.next_due()) {
    const auto since_boot = due->time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    timer.it_value.tv_sec = seconds.count();
    timer.it_value.tv_nsec =
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot - seconds).count();
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr);
}

Status Client::status() const { return nas_.status(Clock::now()); }

}  // namespace espgate::control::radius
