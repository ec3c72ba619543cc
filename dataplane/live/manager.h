// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/json_socket.h"
#include "dataplane/live/gateway.h"
#include "dataplane/neighbours.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace espgate::dataplane::live {

class Api;

// The manager: the main thread's loop. Sleeps until control, a worker, the API or the clock wants something;
// does what control commands, resolves neighbours, watches links and limits.
class Manager final : private NeighbourActions {
 public:
  // `log` takes one line for people.
  using Log = std::function<void(std::string_view severity, const std::string& line)>;

  [[nodiscard]] static tl::expected<std::unique_ptr<Manager>, std::string> create(Gateway& gateway, Log log);
  ~Manager() override;

  // Until SIGINT or SIGTERM; these and SIGHUP must be blocked in all threads.
  void run();
  // Several times a second while it runs.
  void on_tick(std::function<void()> callback) { on_tick_ = std::move(callback); }

  [[nodiscard]] Gateway& gateway() { return gateway_; }
  [[nodiscard]] const Neighbours& neighbours() const { return neighbours_; }
  // Of the monotonic clock.
  [[nodiscard]] static std::uint64_t now_nanoseconds();
  [[nodiscard]] std::uint64_t started_nanoseconds() const { return started_; }
  [[nodiscard]] std::uint64_t control_connected_nanoseconds() const { return control_since_; }

 private:
  struct Interface {  // one of the gateway's ports, as the manager watches it
    dpdk::Port* port;
    bool up;
  };

  Manager(Gateway& gateway, Log log);
  [[nodiscard]] tl::expected<void, std::string> prepare();
  [[nodiscard]] tl::expected<void, std::string> add_routes();
  [[nodiscard]] tl::expected<void, std::string> watch(int descriptor);

  void take_signals();
  void work();
  void tick(std::uint64_t now);
  void watch_links();
  void on_command(const channel::Command& command);
  bool take_worker_events();
  void tell_moved_peers();

  // Packets: manager_packets.cpp.
  unsigned take_packets();
  void on_neighbour(Packet& packet, std::uint8_t port);
  void on_unresolved(Burst& burst);
  void on_icmp(const Packet& packet);
  void on_control_packet(const channel::PacketRecord& record);
  void send_ike(const channel::PacketRecord& record);
  void send_inside_sa(const channel::PacketRecord& record);
  void count_drop(DropReason reason) { ++gateway_.manager_stats.drops[static_cast<std::size_t>(reason)]; }
  void send_frame(std::uint8_t port, void* buffer);
  void send_packet(Burst& burst);
  void explain(Burst& burst, DropReason reason);
  void send_arp(std::uint8_t port, const wire::ArpMessage& message,
                const wire::MacAddress& destination) override;
  void release(void* packet, NextHopId hop) override;
  void drop(void* packet, DropReason reason) override;
  void retire(NextHopId hop) override;

  Gateway& gateway_;
  Log log_;
  std::function<void()> on_tick_;
  Neighbours neighbours_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<channel::JsonServer> server_;
  std::vector<Interface> interfaces_;
  Burst burst_;
  TokenBucket icmp_bucket_{10'000'000, 50};  // 100 a second
  int epoll_ = -1;
  int signals_ = -1;
  bool stop_ = false;
  std::uint64_t started_;
  std::uint64_t control_since_ = 0;
  std::uint64_t tick_at_ = 0;
  std::uint64_t second_at_ = 0;
};

}  // namespace espgate::dataplane::live
