// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/port.h"

#include "dataplane/dpdk/adopt_mbuf.h"
#include "dataplane/dpdk/buffer_pool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>

#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace espgate::dataplane::dpdk {
namespace {

constexpr std::uint16_t descriptors = 1024;

// Our own key, so that the spread over queues does not depend on the driver's default: a repeated two-byte
// pattern makes both directions of a flow land on the same queue.
constexpr std::array<std::uint8_t, 40> rss_key = [] {
  std::array<std::uint8_t, 40> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}();

std::string reason(int error) { return rte_strerror(error < 0 ? -error : error); }

// "net_tap0" of "net_tap0,iface=x"; a PCI address stays as it is.
std::string device_name(const std::string& device) { return device.substr(0, device.find(',')); }

tl::expected<std::uint16_t, std::string> probe(const std::string& device) {
  std::uint16_t port = 0;
  if (rte_eth_dev_get_port_by_name(device_name(device).c_str(), &port) == 0) return port;
  if (const int error = rte_dev_probe(device.c_str()); error != 0)
    return tl::unexpected("DPDK can't open the device \"" + device + "\": " + reason(error) +
                          "; is the interface there, and may this process use it?");
  if (rte_eth_dev_get_port_by_name(device_name(device).c_str(), &port) != 0)
    return tl::unexpected("the device \"" + device + "\" has no Ethernet port");
  return port;
}

// The interface of an af_packet device, whose driver says "up" whatever the link does.
std::string kernel_interface(const std::string& device) {
  constexpr std::string_view key = ",iface=";
  const std::size_t at = device.find(key);
  if (!device.starts_with("net_af_packet") || at == std::string::npos) return {};
  const std::size_t begin = at + key.size();
  return device.substr(begin, device.find(',', begin) - begin);
}

bool is_running(const std::string& interface) noexcept {
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return false;
  std::copy(interface.begin(), interface.end(), std::begin(request.ifr_name));
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return true;
  const bool told = ioctl(descriptor, SIOCGIFFLAGS, &request) == 0;
  close(descriptor);
  const auto flags = static_cast<unsigned>(request.ifr_flags);
  return told && (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
}

int on_reset(std::uint16_t, rte_eth_event_type, void* flag, void*) {
  static_cast<std::atomic<bool>*>(flag)->store(true, std::memory_order_relaxed);
  return 0;
}

}  // namespace

tl::expected<std::unique_ptr<Port>, std::string> Port::open(const Options& options, BufferPool& pool) {
  const auto found = probe(options.device);
  if (!found) return tl::unexpected(found.error());
  std::unique_ptr<Port> port(new Port(options, *found, pool));
  port->interface_ = kernel_interface(options.device);
  if (auto configured = port->configure(); !configured)
    return tl::unexpected("port \"" + options.device + "\": " + configured.error());
  rte_eth_dev_callback_register(*found, RTE_ETH_EVENT_INTR_RESET, on_reset, &port->wants_reset_);
  return port;
}

Port::~Port() {
  rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_INTR_RESET, on_reset, &wants_reset_);
  rte_eth_dev_stop(port_);
  rte_eth_dev_close(port_);
}

tl::expected<void, std::string> Port::configure() {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(port_, &info); error != 0) return tl::unexpected(reason(error));
  options_.rx_queues = std::min(options_.rx_queues, info.max_rx_queues);
  options_.tx_queues = std::min(options_.tx_queues, info.max_tx_queues);
  offloads_.clear();

  rte_eth_conf conf{};
  if (options_.rx_queues > 1 && info.flow_type_rss_offloads != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf =
        info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP);
    auto key = rss_key;
    if (info.hash_key_size == key.size()) {
      conf.rx_adv_conf.rss_conf.rss_key = key.data();
      conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key.size());
    }
    offloads_.emplace_back("rss");
  }
  trusts_checksum_flags_ = (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0;
  if (trusts_checksum_flags_) {
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
    offloads_.emplace_back("rx-ipv4-checksum");
  }
  // Of the virtual devices only these two wake a sleeper.
  options_.rx_interrupts = options_.rx_interrupts &&
                           (!options_.device.starts_with("net_") || options_.device.starts_with("net_tap") ||
                            options_.device.starts_with("net_memif"));
  conf.intr_conf.rxq = options_.rx_interrupts ? 1 : 0;
  int error = rte_eth_dev_configure(port_, options_.rx_queues, options_.tx_queues, &conf);
  if (error != 0) return tl::unexpected("can't be configured: " + reason(error));

  std::uint16_t mtu = 0;
  if (rte_eth_dev_get_mtu(port_, &mtu) == 0 && mtu < options_.mtu)
    if (error = rte_eth_dev_set_mtu(port_, options_.mtu); error != 0)
      return tl::unexpected("carries packets of " + std::to_string(mtu) + " bytes and refuses mtu = " +
                            std::to_string(options_.mtu) + ": " + reason(error));

  std::uint16_t rx_descriptors = descriptors;
  std::uint16_t tx_descriptors = descriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(port_, &rx_descriptors, &tx_descriptors);
  const int socket = rte_eth_dev_socket_id(port_);
  const unsigned node = socket < 0 ? static_cast<unsigned>(SOCKET_ID_ANY) : static_cast<unsigned>(socket);
  for (std::uint16_t queue = 0; queue < options_.rx_queues; ++queue)
    if (error = rte_eth_rx_queue_setup(port_, queue, rx_descriptors, node, nullptr, pool_.ordinary());
        error != 0)
      return tl::unexpected("receive queue " + std::to_string(queue) + " can't be set up: " + reason(error));
  for (std::uint16_t queue = 0; queue < options_.tx_queues; ++queue)
    if (error = rte_eth_tx_queue_setup(port_, queue, tx_descriptors, node, nullptr); error != 0)
      return tl::unexpected("transmit queue " + std::to_string(queue) + " can't be set up: " + reason(error));
  if (error = rte_eth_dev_start(port_); error != 0) return tl::unexpected("does not start: " + reason(error));
  spread_by_hash();

  rte_ether_addr address{};
  rte_eth_macaddr_get(port_, &address);
  std::memcpy(mac_.bytes.data(), address.addr_bytes, mac_.bytes.size());
  return {};
}

// An even spread of the hash over the queues. What carries no hash (ARP, fragments) lands on the first
// entry's queue.
void Port::spread_by_hash() {
  rte_eth_dev_info info{};
  if (options_.rx_queues < 2 || rte_eth_dev_info_get(port_, &info) != 0 || info.reta_size == 0) return;
  std::vector<rte_eth_rss_reta_entry64> table((info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                              RTE_ETH_RETA_GROUP_SIZE);
  for (std::uint16_t i = 0; i < info.reta_size; ++i) {
    rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= std::uint64_t{1} << (i % RTE_ETH_RETA_GROUP_SIZE);
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(i % options_.rx_queues);
  }
  if (rte_eth_dev_rss_reta_update(port_, table.data(), info.reta_size) == 0) offloads_.emplace_back("reta");
}

void Port::receive(std::uint16_t queue, Burst& burst) noexcept {
  std::array<rte_mbuf*, max_burst> mbufs;
  const std::uint16_t count = rte_eth_rx_burst(port_, queue, mbufs.data(), max_burst);
  burst.reset(count);
  for (unsigned i = 0; i < count; ++i) {
    rte_mbuf* mbuf = mbufs[i];
    mbuf->port = options_.id;
    const bool contiguous = mbuf->nb_segs == 1 || rte_pktmbuf_linearize(mbuf) == 0;
    adopt_mbuf(burst, i, mbuf);
    if (!contiguous) [[unlikely]] {
      burst.drop(burst[i], DropReason::buffer_shortage);
    } else if (trusts_checksum_flags_ &&
               (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD) [[unlikely]] {
      burst.drop(burst[i], DropReason::ip_malformed);
    }
  }
}

unsigned Port::transmit(std::uint16_t queue, std::span<void*> buffers) noexcept {
  // rte_mbuf** and void** are the same bytes; DPDK's own code converts them so.
  auto** mbufs =
      reinterpret_cast<rte_mbuf**>(buffers.data());  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
  return rte_eth_tx_burst(port_, queue, mbufs, static_cast<std::uint16_t>(buffers.size()));
}

bool Port::link_up() const noexcept {
  if (!interface_.empty()) return is_running(interface_);
  rte_eth_link link{};
  return rte_eth_link_get_nowait(port_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

tl::expected<void, std::string> Port::reset() {
  wants_reset_.store(false, std::memory_order_relaxed);
  rte_eth_dev_stop(port_);
  // A driver that knows no reset gets by with being set up anew.
  if (const int error = rte_eth_dev_reset(port_); error != 0 && error != -ENOTSUP)
    return tl::unexpected("port \"" + options_.device + "\" can't be reset: " + reason(error));
  return configure();
}

bool Port::add_to_wait_set(std::uint16_t queue) noexcept {
  return options_.rx_interrupts &&
         rte_eth_dev_rx_intr_ctl_q(port_, queue, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD, nullptr) == 0;
}

void Port::arm(std::uint16_t queue) noexcept { rte_eth_dev_rx_intr_enable(port_, queue); }
void Port::disarm(std::uint16_t queue) noexcept { rte_eth_dev_rx_intr_disable(port_, queue); }

Port::Counters Port::counters() const {
  rte_eth_stats stats{};
  rte_eth_stats_get(port_, &stats);
  return {stats.ipackets, stats.opackets, stats.ibytes,  stats.obytes,
          stats.imissed,  stats.ierrors,  stats.oerrors, stats.rx_nombuf};
}

std::string Port::driver() const {
  rte_eth_dev_info info{};
  return rte_eth_dev_info_get(port_, &info) == 0 ? info.driver_name : "unknown";
}

std::vector<std::pair<std::string, std::uint64_t>> Port::extended_counters() const {
  const int count = rte_eth_xstats_get(port_, nullptr, 0);
  if (count <= 0) return {};
  const auto size = static_cast<unsigned>(count);
  std::vector<rte_eth_xstat> values(size);
  std::vector<rte_eth_xstat_name> names(size);
  if (rte_eth_xstats_get(port_, values.data(), size) != count ||
      rte_eth_xstats_get_names(port_, names.data(), size) != count)
    return {};
  std::vector<std::pair<std::string, std::uint64_t>> result;
  for (const rte_eth_xstat& value : values)
    if (value.id < size) result.emplace_back(names[value.id].name, value.value);
  return result;
}

void wait_for_packets(int milliseconds) noexcept {
  std::array<rte_epoll_event, 16> events;
  rte_epoll_wait(RTE_EPOLL_PER_THREAD, events.data(), static_cast<int>(events.size()), milliseconds);
}

}  // namespace espgate::dataplane::dpdk
