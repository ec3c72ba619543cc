// SPDX-License-Identifier: Apache-2.0
// Hugepages, and how much memory a process may lock.
#include "cli/doctor/doctor.h"
#include "config/device.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t usual_megabytes = 1024;  // to suggest, when the configuration leaves it open
constexpr std::uint64_t secrets_bytes =
    8 * mebibyte;                      // keys of thousands of SAs and the segments of the channel
constexpr unsigned ipc_lock_bit = 14;  // CAP_IPC_LOCK, capabilities(7)

// The driver's own values where the device says nothing: 512 frames of 2048 bytes.
std::uint64_t argument_or(const config::Device& device, std::string_view key, std::uint64_t otherwise) {
  const auto text = device.argument(key);
  std::uint64_t value = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// What af_packet locks: a ring each way for every queue.
std::uint64_t ring_bytes(const config::Device& device) {
  if (!device.is_af_packet()) return 0;
  return 2 * argument_or(device, "framesz", 2048) * argument_or(device, "framecnt", 512) *
         argument_or(device, "qpairs", 1);
}

// A number behind "name:" in lines like "HugePages_Free:      12 kB".
std::uint64_t value_of(const std::vector<std::string>& lines, std::string_view name) {
  for (const std::string& line : lines) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    std::istringstream in(line.substr(name.size() + 1));
    std::uint64_t value = 0;
    in >> value;
    return value;
  }
  return 0;
}

// Of the whole machine: what a user namespace grants does not count for locked memory.
bool has_capability(const Host& host, unsigned bit) {
  if (const auto map = host.read("proc/self/uid_map"); map && map->find("4294967295") == std::string::npos)
    return false;
  for (const std::string& line : host.lines("proc/self/status")) {
    if (!line.starts_with("CapEff:")) continue;
    std::istringstream in(line.substr(7));
    std::uint64_t set = 0;
    in >> std::hex >> set;
    return (set >> bit & 1) != 0;
  }
  return false;
}

// nullopt: no limit. "Max locked memory   8388608   8388608   bytes".
std::optional<std::uint64_t> locked_memory_limit(const Host& host) {
  constexpr std::string_view name = "Max locked memory";
  for (const std::string& line : host.lines("proc/self/limits")) {
    if (!line.starts_with(name)) continue;
    std::istringstream in(line.substr(name.size()));
    std::uint64_t soft = 0;
    if (in >> soft) return soft;
    return std::nullopt;
  }
  return std::nullopt;
}

std::string mounted(const Host& host) {
  for (const std::string& line : host.lines("proc/mounts")) {
    std::istringstream in(line);
    std::string device, folder, type;
    if (in >> device >> folder >> type && type == "hugetlbfs") return "mounted on " + folder;
  }
  return "not mounted, which espgate does not need";
}

}  // namespace

Findings Doctor::hugepages() const {
  const std::string check = "hugepages";
  const auto meminfo = host_.lines("proc/meminfo");
  const std::uint64_t total = value_of(meminfo, "HugePages_Total");
  const std::uint64_t free_pages = value_of(meminfo, "HugePages_Free");
  const std::uint64_t kilobytes = std::max<std::uint64_t>(value_of(meminfo, "Hugepagesize"), 1);
  const std::uint64_t wanted =
      config_ != nullptr && config_->memory_megabytes != 0 ? config_->memory_megabytes : usual_megabytes;
  const bool has_pci = !pci_devices().empty();
  const std::string what =
      fmt::format("{} of {} pages of {} KiB free, {}", free_pages, total, kilobytes, mounted(host_));
  const std::string remedy =
      fmt::format("sysctl -w vm.nr_hugepages={}",
                  total - std::min(total, free_pages) + (wanted * 1024 + kilobytes - 1) / kilobytes);
  if (config_ != nullptr && config_->hugepages == config::Hugepages::off) {
    if (has_pci)
      return {fatal(check, "memory.hugepages is \"off\", and PCI devices need them",
                    "write hugepages = \"auto\"")};
    return {not_applicable(check, "memory.hugepages is \"off\"")};
  }
  if (free_pages * kilobytes >= wanted * 1024) return {good(check, what)};
  const bool needed = has_pci || (config_ != nullptr && config_->hugepages == config::Hugepages::on);
  if (free_pages == 0 && needed) return {fatal(check, what, remedy)};
  return {bad(
      check, what + (free_pages == 0 ? "; ordinary memory is slower" : fmt::format(", {} MB wanted", wanted)),
      remedy)};
}

Findings Doctor::locked_memory() const {
  const std::string check = "locked memory";
  if (has_capability(host_, ipc_lock_bit))
    return {good(check, "this user may lock as much as it likes (CAP_IPC_LOCK)")};
  const auto limit = locked_memory_limit(host_);
  if (!limit) return {good(check, "no limit")};
  std::uint64_t rings = 0;
  for (const NamedPort& named : ports()) rings += ring_bytes(config::Device(named.port.device));
  const std::string what =
      fmt::format("limit {} MiB, about {} MiB wanted", *limit / mebibyte, (rings + secrets_bytes) / mebibyte);
  const std::string remedy = "ulimit -l unlimited as root, or LimitMEMLOCK=infinity in the systemd unit";
  if (*limit >= rings + secrets_bytes) return {good(check, what)};
  // The driver's rings are locked or not had at all, so the data plane makes them fit; secrets are locked as
  // far as it goes.
  const std::string_view price =
      *limit < rings ? ": smaller rings, which bursts overflow" : ": keys could be swapped out";
  return {bad(check, what + std::string(price), remedy)};
}

}  // namespace espgate::cli
