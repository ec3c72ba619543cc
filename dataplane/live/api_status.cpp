// SPDX-License-Identifier: Apache-2.0
// status, buffers: how the data plane itself is.
#include "channel/handshake.h"
#include "dataplane/live/api_answers.h"
#include "dataplane/live/api_text.h"
#include "dataplane/live/manager.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

constexpr std::uint64_t second = 1'000'000'000;

json worker_json(Worker& worker, std::size_t index, const Gateway& gateway, const WorkerActivity& activity) {
  json queues = json::array();
  for (const RxQueue& queue : worker.queues())
    queues.push_back({{"port", queue.port->id()}, {"queue", queue.queue}});
  return {{"worker", index},
          {"core", gateway.sizing.eal.worker_cores.at(index)},
          {"queues", queues},
          {"rounds", worker.rounds()},
          {"busy_rounds", worker.busy_rounds()},
          {"busy_percent", activity.busy_percent(index)},
          {"rounds_per_second", activity.rounds_per_second(index)},
          {"idle", gateway.config.workers.idle == config::Idle::poll ? "poll" : "adaptive"},
          {"interrupts", worker.uses_interrupts()},
          {"icmp_withheld", worker.icmp_withheld()},
          {"events_lost", worker.events().lost()}};
}

json side_json(const dpdk::Port& port) {
  const dpdk::Port::Counters counters = port.counters();
  return {{"received", counters.rx_packets},
          {"sent", counters.tx_packets},
          {"received_bytes", counters.rx_bytes},
          {"sent_bytes", counters.tx_bytes}};
}

template <typename Counters>
std::uint64_t sum(const Counters& counters) {
  std::uint64_t all = 0;
  for (const Counter& each : counters) all += each;
  return all;
}

json packets_json(Gateway& gateway) {
  std::uint64_t dropped = sum(gateway.manager_stats.drops);
  std::array<std::uint64_t, punt_count> punts{};
  for (const auto& worker : gateway.workers) {
    dropped += sum(worker->stats().drops);
    for (std::size_t i = 0; i < punt_count; ++i) punts.at(i) += worker->stats().punts.at(i);
  }
  json elsewhere = json::object();
  for (std::size_t i = 0; i < punt_count; ++i)
    elsewhere[std::string(punt_name(static_cast<Punt>(i)))] = punts.at(i);
  json packets = {{"outside", side_json(gateway.outside())}, {"dropped", dropped}, {"punted", elsewhere}};
  if (gateway.config.inside) packets["inside"] = side_json(gateway.inside());
  return packets;
}

json installed_json(const Installation& installation) {
  std::size_t inbound = 0;
  std::size_t outbound = 0;
  for (const auto& [slot, pair] : installation.pairs()) {
    inbound += pair.inbound ? 1 : 0;
    outbound += pair.outbound ? 1 : 0;
  }
  std::size_t sessions = 0;
  for (const auto& [id, peer] : installation.peers()) sessions += peer->sessions.size();
  return {{"peers", installation.peers().size()},
          {"sessions", sessions},
          {"sas_in", inbound},
          {"sas_out", outbound}};
}

json control_json(Manager& manager, std::uint64_t now) {
  const bool connected = manager.gateway().control->is_connected();
  json control = {{"connected", connected}};
  if (connected) control["seconds"] = (now - manager.control_connected_nanoseconds()) / second;
  return control;
}

}  // namespace

void WorkerActivity::sample(const Gateway& gateway, std::uint64_t now_nanoseconds) {
  if (sampled_at_ != 0 && now_nanoseconds - sampled_at_ < second) return;
  const bool first = sampled_at_ == 0;
  sampled_at_ = now_nanoseconds;
  last_.resize(gateway.workers.size());
  second_.resize(gateway.workers.size());
  for (std::size_t i = 0; i < gateway.workers.size(); ++i) {
    const Rounds now{gateway.workers[i]->rounds(), gateway.workers[i]->busy_rounds()};
    if (!first) second_[i] = {now.all - last_[i].all, now.busy - last_[i].busy};
    last_[i] = now;
  }
}

double WorkerActivity::busy_percent(std::size_t worker) const {
  if (worker >= second_.size() || second_[worker].all == 0) return 0;
  return 100.0 * static_cast<double>(second_[worker].busy) / static_cast<double>(second_[worker].all);
}

std::uint64_t WorkerActivity::rounds_per_second(std::size_t worker) const {
  return worker < second_.size() ? second_[worker].all : 0;
}

json status_answer(Manager& manager, const WorkerActivity& activity) {
  Gateway& gateway = manager.gateway();
  const std::uint64_t now = Manager::now_nanoseconds();
  json workers = json::array();
  for (std::size_t i = 0; i < gateway.workers.size(); ++i)
    workers.push_back(worker_json(*gateway.workers[i], i, gateway, activity));
  return {{"version", ESPGATE_VERSION},
          {"channel", channel::layout_text()},
          {"pid", getpid()},
          {"configuration", gateway.config.file},
          {"uptime_seconds", (now - manager.started_nanoseconds()) / second},
          {"control", control_json(manager, now)},
          {"engine", gateway.engine->description()},
          {"hugepages", gateway.sizing.eal.hugepages},
          {"memory_megabytes", gateway.sizing.eal.megabytes},
          {"buffers", {{"in_use", gateway.pool->in_use()}, {"capacity", gateway.pool->capacity()}}},
          {"workers", workers},
          {"installed", installed_json(*gateway.installation)},
          {"packets", packets_json(gateway)}};
}

json buffers_answer(Manager& manager) {
  Gateway& gateway = manager.gateway();
  const Sizing& sizing = gateway.sizing;
  std::uint64_t shortages =
      gateway.manager_stats.drops.at(static_cast<std::size_t>(DropReason::buffer_shortage));
  for (const auto& worker : gateway.workers)
    shortages += worker->stats().drops.at(static_cast<std::size_t>(DropReason::buffer_shortage));
  json ports = json::array();
  for (const auto& port : gateway.ports)
    ports.push_back({{"port", port->id()}, {"receive_without_buffer", port->counters().rx_no_buffer}});
  return {{"in_use", gateway.pool->in_use()},
          {"capacity", gateway.pool->capacity()},
          {"ordinary", {{"count", sizing.buffers.ordinary}, {"bytes", sizing.buffers.bytes}}},
          {"large", {{"count", sizing.buffers.large}, {"bytes", dpdk::BufferPool::large_bytes}}},
          {"cached_per_worker", sizing.buffers.cache},
          {"shortages", shortages},
          {"ports", ports}};
}

}  // namespace espgate::dataplane::live
