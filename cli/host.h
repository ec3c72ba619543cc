// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::cli {

// What the kernel says of a machine in /proc and /sys. With another root than "/", a made-up machine for
// tests. Nothing is written, and what can't be read counts as not there.
class Host {
 public:
  explicit Host(std::filesystem::path root = "/") : root_(std::move(root)) {}

  // The content of a file without the blanks at its end; `path` is relative to the root, "proc/meminfo".
  [[nodiscard]] std::optional<std::string> read(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> lines(std::string_view path) const;
  [[nodiscard]] bool exists(std::string_view path) const;
  // Names in a folder, sorted.
  [[nodiscard]] std::vector<std::string> list(std::string_view path) const;
  // Last part of what a symbolic link points to, "ena" of sys/bus/pci/devices/…/driver.
  [[nodiscard]] std::optional<std::string> link_target(std::string_view path) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view path) const;

  // Interfaces by which IPv4 packets to everywhere leave.
  [[nodiscard]] std::set<std::string> default_route_interfaces() const;
  // The CPUs that a file lists, "0-3,8": sys/devices/system/cpu/online. nullopt: no such file.
  [[nodiscard]] std::optional<std::set<unsigned>> cpus(std::string_view path) const;
  // Interfaces that the kernel has on a PCI device, "0000:00:06.0".
  [[nodiscard]] std::vector<std::string> interfaces_of_pci(std::string_view address) const;
  // Whether the kernel has an IOMMU that it knows how to use.
  [[nodiscard]] bool has_iommu() const;
  // CPU feature words of the first processor ("flags", on Arm "Features").
  [[nodiscard]] std::set<std::string, std::less<>> cpu_flags() const;

 private:
  std::filesystem::path root_;
};

}  // namespace espgate::cli
