// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::dataplane::dpdk {

// Starts DPDK's environment for a program without ports: no hugepages, no root, no shared files, `megabytes`
// of ordinary memory. Once a process; later calls do nothing. The process keeps its signals and its CPU
// affinity. Error: DPDK's own words.
[[nodiscard]] tl::expected<void, std::string> start_without_ports(unsigned megabytes);

struct EalOptions {
  bool hugepages = false;
  // Without hugepages: buffers and tables in memory of our own that the kernel backs by transparent huge
  // pages. Only for devices that copy packets, as no device can be told of this memory.
  bool transparent_hugepages = false;
  unsigned megabytes = 512;            // of ordinary memory; with hugepages, what is reserved at the start
  std::vector<unsigned> worker_cores;  // CPU of each worker; several may share one
  std::vector<std::string> pci;        // devices to take, "0000:00:06.0"
};

// Starts DPDK's environment for a gateway: lcore 0 is the calling thread, which keeps its CPU affinity;
// lcores 1 to n are the workers. Once a process. Error: DPDK's own words and what to do.
[[nodiscard]] tl::expected<void, std::string> start(const EalOptions& options);

// Where buffers and tables are to be allocated: what DPDK takes for a NUMA node. SOCKET_ID_ANY, or the memory
// of EalOptions::transparent_hugepages.
[[nodiscard]] int memory_socket();

// How EAL was asked to start, for people: "--no-huge -m 512 …".
[[nodiscard]] std::vector<std::string> eal_arguments(const EalOptions& options);

// Whether this system has free hugepages that EAL could use: mounted, and more than none free.
[[nodiscard]] bool hugepages_available();

// Runs `body` on worker `index` (0 is the first). True: it was started. `body` must outlive the run.
[[nodiscard]] bool launch_worker(unsigned index, const std::function<void()>& body);
// Waits until all workers have returned.
void join_workers();

// Timers that drivers use (ENA's watchdog). Once a second, on the thread that started the ports.
void run_driver_timers();

}  // namespace espgate::dataplane::dpdk
