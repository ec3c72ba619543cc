// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/gateway.h"

#include "channel/user.h"
#include "dataplane/cycle_clock.h"
#include "dataplane/dpdk/srtcm_meter.h"

#include <chrono>
#include <thread>

namespace espgate::dataplane::live {
namespace {

bool use_hugepages(const config::Config& config) {
  switch (config.hugepages) {
    case config::Hugepages::on:
      return true;
    case config::Hugepages::off:
      return false;
    case config::Hugepages::automatic:
      break;
  }
  return dpdk::hugepages_available();
}

}  // namespace

tl::expected<std::unique_ptr<Gateway>, std::string> Gateway::create(const config::Config& config) {
  std::unique_ptr<Gateway> gateway(new Gateway(config));
  gateway->sizing = size_for(config, use_hugepages(config));
  auto done = dpdk::start(gateway->sizing.eal);
  if (done) done = gateway->open_ports();
  if (done) done = gateway->make_tables();
  if (done) done = gateway->make_workers();
  if (!done) return tl::unexpected(done.error());
  return gateway;
}

tl::expected<std::optional<uid_t>, std::string> Gateway::control_uid(const config::Config& config) {
  if (config.control_user.empty()) return std::nullopt;
  const auto user = channel::find_user(config.control_user);
  if (!user)
    return tl::unexpected("runtime.control_user: " + user.error() +
                          "; make it (useradd --system), or write the user that control runs as");
  return *user;
}

Gateway::~Gateway() {
  stop_workers();
  // Before what it unlinks from goes.
  installation.reset();
}

tl::expected<void, std::string> Gateway::open_ports() {
  auto created = dpdk::BufferPool::create("espgate", sizing.buffers);
  if (!created) return tl::unexpected(created.error() + "; raise memory.megabytes");
  pool = std::make_unique<dpdk::BufferPool>(std::move(*created));
  std::vector<const config::Port*> wanted = {&config.outside};
  if (config.inside) wanted.push_back(&*config.inside);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const config::Port* each = wanted[i];
    const auto queues = static_cast<std::uint16_t>(config.workers.count);
    auto port = dpdk::Port::open({.device = sizing.devices[i],
                                  .id = static_cast<std::uint8_t>(i),
                                  .mtu = each->mtu,
                                  .rx_queues = queues,
                                  .tx_queues = queues,
                                  .rx_interrupts = config.workers.idle == config::Idle::adaptive},
                                 *pool);
    if (!port) return tl::unexpected(each->where.to_string() + ": " + port.error());
    hops.set_port((*port)->id(), {(*port)->mac(), (*port)->mtu()});
    hops.set_port_up((*port)->id(), (*port)->link_up());
    ports.push_back(std::move(*port));
  }
  return {};
}

tl::expected<void, std::string> Gateway::make_tables() {
  auto made_rcu = dpdk::Rcu::create(config.workers.count);
  if (!made_rcu) return tl::unexpected(made_rcu.error());
  rcu = std::move(*made_rcu);
  auto made_routes = dpdk::LpmRouteTable::create("routes", {});
  if (!made_routes) return tl::unexpected(made_routes.error());
  routes = std::move(*made_routes);
  if (auto used = routes->use_rcu(rcu->get()); !used) return tl::unexpected(used.error());

  sas = std::make_unique<SaTable>(Spi::slots);
  const wire::Ipv4Prefix pool_network = config.client_pool.network();
  clients =
      std::make_unique<SessionTable>(pool_network.address, static_cast<std::uint32_t>(pool_network.size()));
  outbound = std::make_unique<OutboundTable>(Spi::slots);
  const auto user = control_uid(config);
  if (!user) return tl::unexpected(user.error());
  auto listening = channel::DataplaneEnd::listen({.socket = config.runtime_directory / "channel.sock",
                                                  .workers = config.workers.count,
                                                  .slots = Spi::slots,
                                                  .control_uid = *user});
  if (!listening) return tl::unexpected(listening.error());
  control = std::move(*listening);
  auto made_engine = crypto::make_engine(config.engine);
  if (!made_engine) return tl::unexpected(made_engine.error());
  engine = std::move(*made_engine);
  installation.reset(new Installation({.sas = *sas,
                                       .clients = *clients,
                                       .outbound = *outbound,
                                       .engine = *engine,
                                       .progress = control->progress(),
                                       .outer_mtu = config.outer_mtu,
                                       .workers = config.workers.count,
                                       .synchronize =
                                           [this] {
                                             if (running_) rcu->synchronize();
                                           },
                                       .make_meter =
                                           [](std::uint32_t kbit) {
                                             return dpdk::make_srtcm_meter(kbit, cycles_per_second(),
                                                                           read_cycles());
                                           },
                                       .rates_in_use = &rates_in_use}));
  return {};
}

tl::expected<void, std::string> Gateway::make_workers() {
  std::vector<dpdk::Port*> all;
  all.reserve(ports.size());
  for (const auto& port : ports) all.push_back(port.get());
  auto made_fabric = Fabric::create(config.workers.count, all);
  if (!made_fabric) return tl::unexpected(made_fabric.error());
  fabric = std::move(*made_fabric);
  const config::Port& private_port = config.private_port();
  shared.reset(new Shared{.sas = *sas,
                          .clients = *clients,
                          .outbound = *outbound,
                          .routes = *routes,
                          .hops = hops,
                          .fabric = *fabric,
                          .rcu = *rcu,
                          .pool = *pool,
                          .control = *control,
                          .ports = all,
                          .outside_port = outside().id(),
                          .inside_port = inside().id(),
                          .own = {config.outside.address.address, private_port.address.address},
                          .inside_prefixes = config.inside_prefixes,
                          .client_to_client = config.client_to_client,
                          .side = {.hops = &hops, .port = inside().id(), .networks = {}},
                          .rates_in_use = rates_in_use,
                          .workers = config.workers.count,
                          .idle = config.workers.idle,
                          .reassembly_datagrams = config.reassembly_datagrams});
  if (!config.inside) shared->side.networks = shared->inside_prefixes;
  for (unsigned i = 0; i < config.workers.count; ++i) {
    auto worker_engine = crypto::make_engine(config.engine);
    if (!worker_engine) return tl::unexpected(worker_engine.error());
    auto worker = Worker::create(*shared, i, std::move(*worker_engine), queues_of(i));
    if (!worker) return tl::unexpected(worker.error());
    workers.push_back(std::move(*worker));
  }
  return {};
}

// Queue q belongs to worker q; where both ports have a single queue, two workers take one each.
std::vector<RxQueue> Gateway::queues_of(unsigned worker) const {
  std::vector<RxQueue> mine;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const unsigned shift = ports[i]->rx_queues() < config.workers.count ? static_cast<unsigned>(i) : 0;
    for (std::uint16_t queue = 0; queue < ports[i]->rx_queues(); ++queue)
      if ((queue + shift) % config.workers.count == worker) mine.push_back({ports[i].get(), queue});
  }
  return mine;
}

void Gateway::start_workers() {
  stop_ = false;
  running_ = true;
  bodies_.resize(workers.size());
  for (unsigned i = 0; i < workers.size(); ++i) {
    bodies_[i] = [this, i] { workers[i]->run(stop_, pause_); };
    (void)dpdk::launch_worker(i, bodies_[i]);
  }
}

void Gateway::stop_workers() {
  if (!running_) return;
  stop_ = true;
  dpdk::join_workers();
  running_ = false;
}

void Gateway::while_paused(const std::function<void()>& change) {
  pause_ = true;
  for (const auto& worker : workers)
    while (running_ && !worker->paused()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  change();
  pause_ = false;
  for (const auto& worker : workers)
    while (running_ && worker->paused()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace espgate::dataplane::live
