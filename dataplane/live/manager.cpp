// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/manager.h"

#include "dataplane/live/api.h"
#include "wire/ip_address.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <nlohmann/json.hpp>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace espgate::dataplane::live {
namespace {

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t tick_period = 100 * millisecond;
constexpr std::uint64_t second = 1000 * millisecond;
constexpr unsigned most_bursts = 16;  // of packets, before anything else has its turn

}  // namespace

std::uint64_t Manager::now_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * second + static_cast<std::uint64_t>(now.tv_nsec);
}

tl::expected<std::unique_ptr<Manager>, std::string> Manager::create(Gateway& gateway, Log log) {
  std::unique_ptr<Manager> manager(new Manager(gateway, std::move(log)));
  if (auto prepared = manager->prepare(); !prepared) return tl::unexpected(prepared.error());
  return manager;
}

Manager::Manager(Gateway& gateway, Log log)
    : gateway_(gateway),
      log_(std::move(log)),
      neighbours_(gateway.hops, *gateway.routes, *this),
      started_(now_nanoseconds()) {
  for (const auto& port : gateway.ports) interfaces_.push_back({port.get(), port->link_up()});
}

Manager::~Manager() {
  neighbours_.flush();
  if (epoll_ >= 0) close(epoll_);
  if (signals_ >= 0) close(signals_);
}

tl::expected<void, std::string> Manager::prepare() {
  if (auto added = add_routes(); !added) return added;
  api_ = std::make_unique<Api>(*this);
  auto server =
      channel::JsonServer::listen(gateway_.config.runtime_directory / "dataplane.sock",
                                  [this](const nlohmann::json& request) { return api_->answer(request); });
  if (!server) return tl::unexpected(server.error());
  server_ = std::move(*server);
  api_->use(*server_);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  signals_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  for (const int descriptor : {signals_, gateway_.control->descriptor(), server_->descriptor(),
                               api_->descriptor(), gateway_.fabric->manager_bell().descriptor()})
    if (auto watched = watch(descriptor); !watched) return watched;
  return {};
}

tl::expected<void, std::string> Manager::watch(int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  if (descriptor < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
    return tl::unexpected(std::string("the manager can't watch its events: ") + std::strerror(errno));
  return {};
}

// Connected networks, default routes, and what the configuration adds.
tl::expected<void, std::string> Manager::add_routes() {
  const config::Config& config = gateway_.config;
  const auto full = [](const std::string& what) {
    return tl::unexpected("no room for the route to " + what);
  };
  std::vector<const config::Port*> wanted = {&config.outside};
  if (config.inside) wanted.push_back(&*config.inside);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto id = static_cast<std::uint8_t>(i);
    const wire::Ipv4Prefix network = wanted[i]->address.network();
    const NextHopId glean = neighbours_.add_port({id, gateway_.ports[i]->mac(), wanted[i]->address});
    if (glean == no_next_hop || !gateway_.routes->add(network, glean)) return full(network.to_string());
    if (!wanted[i]->gateway) continue;
    const NextHopId gateway = neighbours_.add_gateway(id, *wanted[i]->gateway);
    if (gateway == no_next_hop || (i == 0 && !gateway_.routes->add({0, 0}, gateway)))
      return full("0.0.0.0/0");
    // The inside gateway is the clients' default only: the route to 0.0.0.0/0 is the outer packets'.
    if (i != 0) gateway_.shared->side.default_hop = gateway;
  }
  for (const config::Route& route : config.routes) {
    const std::uint8_t id = config.outside.address.contains(route.via) ? 0 : 1;
    const NextHopId gateway = neighbours_.add_gateway(id, route.via);
    if (gateway == no_next_hop || !gateway_.routes->add(route.prefix.network(), gateway))
      return full(route.prefix.to_string());
  }
  return {};
}

void Manager::run() {
  neighbours_.announce(now_nanoseconds());
  Doorbell& bell = gateway_.fabric->manager_bell();
  while (!stop_) {
    bell.will_sleep();
    const bool idle = gateway_.fabric->to_manager().size() == 0;
    std::array<epoll_event, 8> events;
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), idle ? 100 : 0);
    bell.clear();
    for (int i = 0; i < ready; ++i)
      if (events[static_cast<std::size_t>(i)].data.fd == signals_) take_signals();
    work();
  }
}

void Manager::take_signals() {
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP)
      log_("warning",
           "SIGHUP: ports and workers are what they were at the start; only a restart changes them");
    else
      stop_ = true;
  }
}

void Manager::work() {
  // Not until there are none: who floods us with ARP must not keep control waiting.
  for (unsigned bursts = 0; bursts < most_bursts && take_packets() != 0; ++bursts) {
  }
  if (take_worker_events()) tell_moved_peers();
  gateway_.control->step({.connected =
                              [this] {
                                control_since_ = now_nanoseconds();
                                log_("info", "control is connected");
                              },
                          .disconnected =
                              [this](const std::string& why) {
                                control_since_ = 0;
                                log_("warning", "control is gone (" + why + "); forwarding goes on");
                              },
                          .command = [this](const channel::Command& command) { on_command(command); },
                          .complaint = [this](const std::string& line) { log_("warning", line); }});
  gateway_.control->receive_packets(
      max_burst, [this](const channel::PacketRecord& record) { on_control_packet(record); });
  server_->step();
  api_->step();
  const std::uint64_t now = now_nanoseconds();
  if (now >= tick_at_) {
    tick_at_ = now + tick_period;
    tick(now);
  }
}

void Manager::tick(std::uint64_t now) {
  neighbours_.tick(now);
  watch_links();
  api_->tick();
  gateway_.installation->check_limits(now,
                                      [this](const channel::Event& event) { gateway_.control->send(event); });
  if (on_tick_) on_tick_();
  if (now < second_at_) return;
  second_at_ = now + second;
  tell_moved_peers();
  dpdk::run_driver_timers();
}

void Manager::watch_links() {
  for (Interface& each : interfaces_) {
    if (each.port->wants_reset()) {
      log_("warning", "port " + each.port->device() + " asks for a reset");
      tl::expected<void, std::string> done;
      gateway_.while_paused([&] { done = each.port->reset(); });
      if (!done) log_("error", done.error());
    }
    const bool up = each.port->link_up();
    if (up == each.up) continue;
    each.up = up;
    gateway_.hops.set_port_up(each.port->id(), up);
    if (up) neighbours_.announce(each.port->id(), now_nanoseconds());
    log_("warning", "port " + each.port->device() + " is " + (up ? "up" : "down"));
    channel::Event event{};
    event.type = channel::EventType::port_state;
    event.slot = each.port->id();
    event.value = up ? 1 : 0;
    gateway_.control->send(event);
  }
}

void Manager::on_command(const channel::Command& command) {
  channel::Event event{};
  const auto send = [this](const channel::Event& each) { gateway_.control->send(each); };
  if (command.type == channel::CommandType::dump) {
    gateway_.installation->dump(send);
    event.type = channel::EventType::dump_end;
  } else {
    event.type = channel::EventType::completion;
    event.result = gateway_.installation->apply(command, now_nanoseconds());
  }
  event.command = command.sequence;
  send(event);
}

// Whether a peer has moved.
bool Manager::take_worker_events() {
  bool moved = false;
  for (const auto& worker : gateway_.workers) {
    WorkerEvent from;
    while (worker->events().pop(from)) {
      channel::Event event{};
      switch (from.type) {
        case WorkerEvent::Type::nat_mapping:
          moved = true;
          continue;
        case WorkerEvent::Type::first_packet:
          event.type = channel::EventType::first_packet;
          break;
        case WorkerEvent::Type::unknown_spi:
          event.type = channel::EventType::unknown_spi;
          break;
      }
      event.peer_id = from.peer_id;
      event.slot = from.slot;
      event.spi = from.spi;
      event.remote = wire::IpAddress::v4(from.address).bytes();
      event.remote_port = from.port;
      gateway_.control->send(event);
    }
  }
  return moved;
}

// A worker's word that a peer has moved may have been lost: the peer itself knows.
void Manager::tell_moved_peers() {
  for (const auto& [id, entry] : gateway_.installation->peers()) {
    if (!entry->peer.moved.exchange(false)) continue;
    const Endpoint remote = entry->peer.remote.load();
    channel::Event event{};
    event.type = channel::EventType::nat_mapping;
    event.peer_id = id;
    event.remote = wire::IpAddress::v4(remote.address).bytes();
    event.remote_port = remote.port;
    gateway_.control->send(event);
  }
}

}  // namespace espgate::dataplane::live
