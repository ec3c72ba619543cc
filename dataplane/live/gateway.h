// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "dataplane/dpdk/lpm_route_table.h"
#include "dataplane/live/installation.h"
#include "dataplane/live/sizing.h"
#include "dataplane/live/worker.h"
#include "dataplane/neighbours.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace espgate::dataplane::live {

// Everything of a running data plane but its loop: ports, buffers, tables, workers. Built once from the
// configuration, by the manager's thread; the manager changes it, and answers what people ask about it.
class Gateway {
 public:
  // Starts DPDK, opens the ports, listens for control. Workers don't run yet. Error: what failed and what to
  // do.
  [[nodiscard]] static tl::expected<std::unique_ptr<Gateway>, std::string> create(
      const config::Config& config);
  ~Gateway();

  // Who may connect as control besides root; nullopt: our own user. Error: there is no such user.
  [[nodiscard]] static tl::expected<std::optional<uid_t>, std::string> control_uid(
      const config::Config& config);

  void start_workers();
  void stop_workers();
  // Runs `change` while no worker touches ports or tables.
  void while_paused(const std::function<void()>& change);

  const config::Config& config;
  Sizing sizing;
  std::unique_ptr<dpdk::BufferPool> pool;
  std::unique_ptr<dpdk::Rcu> rcu;
  std::vector<std::unique_ptr<dpdk::Port>> ports;  // outside, inside
  std::unique_ptr<dpdk::LpmRouteTable> routes;
  NextHopTable hops;
  std::unique_ptr<SaTable> sas;
  std::unique_ptr<SessionTable> clients;
  std::unique_ptr<OutboundTable> outbound;
  std::unique_ptr<channel::DataplaneEnd> control;
  std::unique_ptr<crypto::Engine> engine;  // makes keys
  std::atomic<bool> rates_in_use = false;  // whether any session has a rate
  std::unique_ptr<Installation> installation;
  std::unique_ptr<Fabric> fabric;
  std::unique_ptr<Shared> shared;
  std::vector<std::unique_ptr<Worker>> workers;
  WorkerStats manager_stats;  // what the manager itself drops

  [[nodiscard]] dpdk::Port& outside() const { return *ports.front(); }
  [[nodiscard]] dpdk::Port& inside() const { return *ports.back(); }

 private:
  explicit Gateway(const config::Config& from) : config(from) {}
  [[nodiscard]] tl::expected<void, std::string> open_ports();
  [[nodiscard]] tl::expected<void, std::string> make_tables();
  [[nodiscard]] tl::expected<void, std::string> make_workers();
  [[nodiscard]] std::vector<RxQueue> queues_of(unsigned worker) const;

  std::vector<std::function<void()>> bodies_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> pause_ = false;
  bool running_ = false;
};

}  // namespace espgate::dataplane::live
