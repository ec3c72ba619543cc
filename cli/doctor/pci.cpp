// SPDX-License-Identifier: Apache-2.0
// PCI devices: whose driver they have, whether their memory is write-combining, what the IOMMU allows.
#include "cli/doctor/doctor.h"
#include "cli/host_warnings.h"
#include "config/device.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

constexpr std::string_view igb_uio = "igb_uio";
constexpr std::string_view vfio_pci = "vfio-pci";
constexpr std::string_view amazon = "0x1d0f";
constexpr std::string_view network_class = "0x02";

std::string device_path(std::string_view address, std::string_view attribute) {
  return fmt::format("sys/bus/pci/devices/{}/{}", address, attribute);
}

bool is_user_space_driver(std::string_view driver) {
  return driver == igb_uio || driver == vfio_pci || driver == "uio_pci_generic";
}

struct MemoryRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// The first two hexadecimal numbers of a line, written 0x….
std::optional<MemoryRange> memory_range(std::string_view line) {
  std::uint64_t found[2] = {};
  for (std::uint64_t& number : found) {
    const std::size_t at = line.find("0x");
    if (at == std::string_view::npos) return std::nullopt;
    line = line.substr(at + 2);
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, 16);
    if (error != std::errc()) return std::nullopt;
    line = line.substr(static_cast<std::size_t>(end - line.data()));
  }
  return MemoryRange{found[0], found[1]};
}

}  // namespace

// The interface of this PCI device that carries the default route; empty: none does.
std::string Doctor::default_route_by(std::string_view address) const {
  const auto default_routes = host_.default_route_interfaces();
  for (const std::string& interface : host_.interfaces_of_pci(address)) {
    if (default_routes.contains(interface)) return interface;
  }
  return {};
}

// Virtual machines have no IOMMU, and Debian's kernels leave VFIO's mode without one out: there igb_uio.
std::string Doctor::bind_command(const std::string& address) const {
  if (host_.has_iommu())
    return fmt::format("modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci {}", address);
  return fmt::format(
      "modprobe igb_uio wc_activate=1 && dpdk-devbind.py --bind=igb_uio {} "
      "(igb_uio comes with dpdk-kmods-dkms, dpdk-devbind.py with dpdk)",
      address);
}

Finding Doctor::driver(const std::string& address) const {
  const std::string check = "driver";
  if (!host_.exists(device_path(address, ""))) {
    return fatal(check, fmt::format("there is no PCI device {}", address),
                 "espgate doctor without -c lists the network devices of this host; lspci -D, too");
  }
  const std::string bound = driver_of(address);
  if (is_user_space_driver(bound)) return good(check, fmt::format("{} is bound to {}", address, bound));
  if (const std::string interface = default_route_by(address); !interface.empty()) {
    return fatal(check,
                 fmt::format("{} is {}, which carries the default route: to take it would cut this host off",
                             address, interface),
                 "name another device in the configuration");
  }
  const std::string what = bound.empty() ? fmt::format("{} has no driver", address)
                                         : fmt::format("{} is bound to the kernel's {}", address, bound);
  return fatal(check, what, bind_command(address));
}

// Without a configuration: a device that the gateway could have.
Finding Doctor::spare_device(const std::string& address) const {
  const std::string bound = driver_of(address);
  std::string what = fmt::format("{} {}", address, bound.empty() ? "has no driver" : "is bound to " + bound);
  for (const std::string& interface : host_.interfaces_of_pci(address)) what += ", interface " + interface;
  if (!default_route_by(address).empty()) what += ", carries the default route: leave it to the kernel";
  return not_applicable("network device", what);
}

Findings Doctor::drivers() const {
  Findings findings;
  for (const std::string& address : pci_devices()) findings.push_back(driver(address));
  if (config_ != nullptr) return findings;
  for (const std::string& address : host_.list("sys/bus/pci/devices")) {
    if (host_.read(device_path(address, "class")).value_or("").starts_with(network_class))
      findings.push_back(spare_device(address));
  }
  return findings;
}

// The kernel lists how it has mapped memory: "PAT: [mem 0xfe800000-0xfe900000] write-combining". Only root
// may read it.
bool Doctor::mapped_write_combining(const std::string& address) const {
  std::vector<MemoryRange> bars;
  for (const std::string& line : host_.lines(device_path(address, "resource"))) {
    const auto range = memory_range(line);
    if (range && range->last > range->first) bars.push_back(*range);
  }
  for (const std::string& line : host_.lines("sys/kernel/debug/x86/pat_memtype_list")) {
    const auto range = memory_range(line);
    if (!range || line.find("write-combining") == std::string::npos) continue;
    const auto overlaps = [&](const MemoryRange& bar) {
      return range->first <= bar.last && bar.first < range->last;
    };
    if (std::ranges::any_of(bars, overlaps)) return true;
  }
  return false;
}

// The module doesn't show the parameter in /sys, so this is what it is told when it is loaded.
std::string Doctor::file_that_activates_write_combining() const {
  if (host_.read("proc/cmdline").value_or("").find("igb_uio.wc_activate=1") != std::string::npos)
    return "the kernel's command line";
  for (const std::string& name : host_.list("etc/modprobe.d")) {
    for (const std::string& line : host_.lines("etc/modprobe.d/" + name)) {
      if (line.starts_with("options igb_uio") && line.find("wc_activate=1") != std::string::npos)
        return "/etc/modprobe.d/" + name;
    }
  }
  return {};
}

Finding Doctor::write_combining(const std::string& address) const {
  const std::string check = "write-combining";
  const std::string driver_name = driver_of(address);
  if (host_.read(device_path(address, "vendor")).value_or("") != amazon)
    return not_applicable(check, fmt::format("{} is no ENA device", address));
  if (!is_user_space_driver(driver_name))
    return not_applicable(check, fmt::format("{} is not bound yet", address));
  if (mapped_write_combining(address)) return good(check, fmt::format("memory of {} is mapped so", address));
  if (driver_name != igb_uio) {
    return bad(
        check,
        fmt::format("{} maps {} without it, which costs cycles for every packet sent", driver_name, address),
        host_.has_iommu() ? "" : "use igb_uio with wc_activate=1");
  }
  const std::string file = file_that_activates_write_combining();
  if (!file.empty()) {
    return good(check,
                fmt::format("{} says wc_activate=1; while the gateway runs, root sees the mapping of {} in "
                            "/sys/kernel/debug/x86/pat_memtype_list",
                            file, address));
  }
  return bad(check, fmt::format("nothing says that igb_uio was loaded with wc_activate=1 for {}", address),
             "echo 'options igb_uio wc_activate=1' > /etc/modprobe.d/igb_uio.conf, then rmmod igb_uio && " +
                 bind_command(address));
}

Findings Doctor::write_combining() const {
  Findings findings;
  for (const std::string& address : pci_devices()) {
    if (host_.exists(device_path(address, ""))) findings.push_back(write_combining(address));
  }
  return findings;
}

Findings Doctor::iommu() const {
  const std::string check = "IOMMU";
  const bool present = host_.has_iommu();
  std::set<std::string> drivers;
  for (const std::string& address : pci_devices()) drivers.insert(driver_of(address));
  if (drivers.contains(std::string(vfio_pci)) && !present) {
    const auto mode = host_.read("sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
    if (mode == "Y" || mode == "1")
      return {good(check, "there is none, and vfio is in its mode without one")};
    return {fatal(check, "there is none, and vfio-pci needs one",
                  mode ? "echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode, or bind to igb_uio"
                       : "bind to igb_uio (this kernel's vfio has no mode without IOMMU): modprobe igb_uio "
                         "wc_activate=1")};
  }
  const std::string command_line = host_.read("proc/cmdline").value_or("");
  if (drivers.contains(std::string(igb_uio)) && present && command_line.find("iommu=pt") == std::string::npos)
    return {bad(check, "the IOMMU is on and igb_uio does not program it",
                "bind to vfio-pci, or boot with iommu=pt")};
  return {not_applicable(check,
                         present ? "present: vfio-pci fits" : "none, as in virtual machines: igb_uio fits")};
}

}  // namespace espgate::cli
