// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/sizing.h"

#include "dataplane/stages/ppp_l2tp_push.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace espgate::dataplane::live {
namespace {

constexpr std::uint32_t link_bytes = 14 + 4;    // Ethernet and a VLAN tag
constexpr std::uint32_t driver_headroom = 128;  // RTE_PKTMBUF_HEADROOM
constexpr unsigned ring_frame_overhead = 84;    // the ring's own header and the link header
constexpr unsigned megabyte = 1 << 20;
constexpr unsigned routes_megabytes = 72;  // LPM's first level has an entry for each /24
constexpr unsigned other_megabytes = 64;

// Drivers that move packets between our buffers and somebody else's by copying them.
bool copies_packets(const config::Port& port) {
  constexpr std::array<std::string_view, 5> drivers = {"net_af_packet", "net_tap", "net_pcap", "net_null",
                                                       "net_ring"};
  return std::any_of(drivers.begin(), drivers.end(),
                     [&](std::string_view driver) { return port.device.starts_with(driver); });
}

bool is_virtual(const config::Port& port) { return port.device.starts_with("net_"); }

// The value of one of a device's arguments, "framesz=16384"; 0 without it.
std::uint32_t device_argument(std::string_view device, std::string_view name) {
  const std::string key = ',' + std::string(name) + '=';
  const std::size_t at = device.find(key);
  if (at == std::string_view::npos) return 0;
  std::uint32_t value = 0;
  std::from_chars(device.data() + at + key.size(), device.data() + device.size(), value);
  return value;
}

std::uint32_t buffer_bytes(const config::Port& port) {
  const std::uint32_t frame = std::max(device_argument(port.device, "framesz"), port.mtu + link_bytes);
  return driver_headroom + frame + outbound_tailroom + 64;
}

std::vector<unsigned> usable_cpus() {
  cpu_set_t affinity;
  CPU_ZERO(&affinity);
  sched_getaffinity(0, sizeof affinity, &affinity);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &affinity)) cpus.push_back(cpu);
  return cpus;
}

std::vector<unsigned> worker_cores(const config::Workers& workers) {
  if (!workers.cores.empty()) return workers.cores;
  const std::vector<unsigned> cpus = usable_cpus();
  std::vector<unsigned> cores(workers.count);
  for (unsigned i = 0; i < workers.count; ++i) cores[i] = cpus[cpus.size() - 1 - i % cpus.size()];
  return cores;
}

std::string replaced(std::string device, std::string_view name, std::uint64_t from, std::uint64_t to) {
  const std::string old_text = fmt::format(",{}={}", name, from);
  return device.replace(device.find(old_text), old_text.size(), fmt::format(",{}={}", name, to));
}

// How much this process may lock; no limit for the real root, who is told from a namespace's by its map of
// users.
std::uint64_t lockable_bytes() {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 1;
  std::uint64_t outside = 1;
  std::uint64_t count = 0;
  map >> inside >> outside >> count;
  const bool root = geteuid() == 0 && inside == 0 && outside == 0 && count == UINT32_MAX;
  return root || limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

std::vector<const config::Port*> ports_of(const config::Config& config) {
  std::vector<const config::Port*> ports = {&config.outside};
  if (config.inside) ports.push_back(&*config.inside);
  return ports;
}

unsigned buffer_count(const config::Config& config) {
  if (config.buffers != 0) return config.buffers;
  const unsigned ports = config.inside ? 2 : 1;
  // A device of hardware keeps its descriptors filled; a virtual one copies.
  const unsigned in_devices = is_virtual(config.outside) ? 512 : 2048;
  return config.workers.count * (4096 + ports * in_devices) + 1024;
}

}  // namespace

std::string with_affordable_rings(const std::string& device, std::uint64_t limit_bytes, unsigned ports,
                                  std::uint16_t mtu) {
  const std::uint64_t frame = device_argument(device, "framesz");
  const std::uint64_t frames = device_argument(device, "framecnt");
  const std::uint64_t block = std::max<std::uint64_t>(device_argument(device, "blocksz"), frame);
  const std::uint64_t queues = std::max<std::uint64_t>(device_argument(device, "qpairs"), 1);
  if (!device.starts_with("net_af_packet") || frame == 0 || frames == 0) return device;
  // A ring each way; a quarter of the limit is left to keys and what else is locked.
  const std::uint64_t ring_bytes = limit_bytes / 4 * 3 / (2 * queues * ports);
  if (ring_bytes / frame >= frames) return device;
  const std::uint64_t smaller = std::min<std::uint64_t>(frame, std::bit_ceil(mtu + ring_frame_overhead));
  const std::uint64_t in_block = block / smaller;
  const std::uint64_t fit =
      std::clamp<std::uint64_t>(ring_bytes / smaller / in_block, 1, frames / in_block) * in_block;
  return replaced(replaced(device, "framesz", frame, smaller), "framecnt", frames, fit);
}

Sizing size_for(const config::Config& config, bool hugepages) {
  Sizing sizing{};
  const auto ports = ports_of(config);
  for (const config::Port* port : ports) {
    sizing.devices.push_back(with_affordable_rings(port->device, lockable_bytes(),
                                                   static_cast<unsigned>(ports.size()), port->mtu));
    if (sizing.devices.back() != port->device)
      sizing.notes.push_back("this process may lock little memory (ulimit -l): using " +
                             sizing.devices.back());
  }
  sizing.buffers.bytes = dpdk::BufferPool::ordinary_bytes;
  for (const config::Port* port : ports)
    sizing.buffers.bytes = std::max(sizing.buffers.bytes, buffer_bytes(*port));
  sizing.buffers.ordinary = buffer_count(config);
  sizing.buffers.large = 64 * config.workers.count + 64;
  sizing.buffers.cache = 256;

  const std::uint64_t buffer_memory =
      std::uint64_t{sizing.buffers.ordinary} * (sizing.buffers.bytes + 256) +
      std::uint64_t{sizing.buffers.large} * (dpdk::BufferPool::large_bytes + 256);
  sizing.eal.hugepages = hugepages;
  sizing.eal.transparent_hugepages =
      !hugepages &&
      std::all_of(ports.begin(), ports.end(), [](const config::Port* port) { return copies_packets(*port); });
  sizing.eal.megabytes =
      config.memory_megabytes != 0
          ? config.memory_megabytes
          : static_cast<unsigned>(buffer_memory * 5 / 4 / megabyte) + routes_megabytes + other_megabytes;
  sizing.eal.worker_cores = worker_cores(config.workers);
  for (const config::Port* port : ports)
    if (!is_virtual(*port)) sizing.eal.pci.push_back(port->device);
  return sizing;
}

}  // namespace espgate::dataplane::live
