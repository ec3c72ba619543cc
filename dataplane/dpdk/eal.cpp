// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/eal.h"

#include "dataplane/table_memory.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_timer.h>
#include <sched.h>

namespace espgate::dataplane::dpdk {
namespace {

using Started = tl::expected<void, std::string>;

std::optional<Started>& started() {
  static std::optional<Started> result;
  return result;
}

// The CPUs that this process may use, as EAL writes them: "(0,1)".
std::string allowed_cpus() {
  cpu_set_t affinity;
  CPU_ZERO(&affinity);
  sched_getaffinity(0, sizeof affinity, &affinity);
  std::string text;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &affinity)) text += (text.empty() ? "(" : ",") + std::to_string(cpu);
  return text + ")";
}

Started start_with(std::vector<std::string> arguments) {
  if (started()) return *started();
  cpu_set_t affinity;
  CPU_ZERO(&affinity);
  sched_getaffinity(0, sizeof affinity, &affinity);
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
    started() = tl::unexpected(std::string("DPDK did not start: ") + rte_strerror(rte_errno));
  else
    started() = Started();
  sched_setaffinity(0, sizeof affinity, &affinity);
  return *started();
}

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr const char* heap_name = "espgate";

int& heap_socket() {
  static int socket = SOCKET_ID_ANY;
  return socket;
}

// A heap of our own beside EAL's, whose pages are of 4 KiB without hugepages: the packets of a burst, their
// headers and the route table are then some hundred pages, more than the first TLB holds. There is no hurry:
// what is never touched costs address space only. Where it fails, EAL's memory serves as before.
void add_heap(unsigned megabytes) {
  const std::size_t pages = (std::size_t{megabytes} << 20) / huge_page_bytes + 1;
  const std::size_t mapped_bytes = (pages + 1) * huge_page_bytes;
  auto* mapped = static_cast<std::byte*>(map_table(mapped_bytes));  // never given back, like EAL's
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(mapped) % huge_page_bytes;
  std::byte* begin = misaligned == 0 ? mapped : mapped + (huge_page_bytes - misaligned);
  std::vector<rte_iova_t> addresses(pages);
  for (std::size_t i = 0; i < pages; ++i)
    addresses[i] = reinterpret_cast<std::uintptr_t>(begin) + i * huge_page_bytes;
  if (rte_malloc_heap_create(heap_name) == 0 &&
      rte_malloc_heap_memory_add(heap_name, begin, pages * huge_page_bytes, addresses.data(),
                                 static_cast<unsigned>(pages), huge_page_bytes) == 0)
    heap_socket() = rte_malloc_heap_get_socket(heap_name);
  else
    unmap_table(mapped, mapped_bytes);
}

int run_body(void* body) {
  (*static_cast<const std::function<void()>*>(body))();
  return 0;
}

}  // namespace

Started start_without_ports(unsigned megabytes) {
  // Core 0 may be outside the set that we are allowed; a mapping from lcore 0 to whatever we run on now never
  // is.
  return start_with({"espgate", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "--iova-mode=va",
                     "--log-level=lib.*:error", "--log-level=error", "--lcores",
                     "0@" + std::to_string(sched_getcpu()), "-m", std::to_string(megabytes)});
}

std::vector<std::string> eal_arguments(const EalOptions& options) {
  std::string lcores = "0@" + allowed_cpus();
  for (std::size_t i = 0; i < options.worker_cores.size(); ++i)
    lcores += ',' + std::to_string(i + 1) + '@' + std::to_string(options.worker_cores[i]);
  std::vector<std::string> arguments = {"espgate-dataplane",
                                        "--log-level=lib.*:warning",
                                        "--log-level=warning",
                                        "--lcores",
                                        lcores,
                                        "-m",
                                        std::to_string(options.megabytes)};
  // Without files that other processes could open: neither hugepage files nor telemetry sockets outlive us.
  if (options.hugepages)
    arguments.insert(arguments.end(), {"--in-memory", "--no-telemetry"});
  else
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf", "--no-telemetry"});
  if (options.pci.empty()) arguments.insert(arguments.end(), {"--no-pci", "--iova-mode=va"});
  for (const std::string& address : options.pci) arguments.insert(arguments.end(), {"-a", address});
  return arguments;
}

Started start(const EalOptions& options) {
  const bool first = !started();
  auto result = start_with(eal_arguments(options));
  if (result && first && options.transparent_hugepages) add_heap(options.megabytes);
  if (result) rte_timer_subsystem_init();
  return result;
}

int memory_socket() { return heap_socket(); }

bool hugepages_available() {
  std::ifstream meminfo("/proc/meminfo");
  unsigned long free_pages = 0;
  for (std::string line; std::getline(meminfo, line);)
    if (line.starts_with("HugePages_Free:")) free_pages = std::stoul(line.substr(line.find(':') + 1));
  return free_pages > 0;
}

bool launch_worker(unsigned index, const std::function<void()>& body) {
  return rte_eal_remote_launch(run_body, const_cast<std::function<void()>*>(&body), index + 1) == 0;
}

void join_workers() { rte_eal_mp_wait_lcore(); }

void run_driver_timers() { rte_timer_manage(); }

}  // namespace espgate::dataplane::dpdk
