// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/doctor/finding.h"
#include "cli/host.h"
#include "config/config.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::cli {

// Looks over a machine on which the gateway is to run. Changes nothing: it says what to change. With a
// configuration it looks at that one's devices and cores; without, at what there is.
class Doctor {
 public:
  explicit Doctor(Host host, const config::Config* config = nullptr)
      : host_(std::move(host)), config_(config) {}

  // All checks, in the order of a person's questions.
  [[nodiscard]] Findings examine() const;

  [[nodiscard]] Findings hugepages() const;
  [[nodiscard]] Findings drivers() const;          // of PCI devices
  [[nodiscard]] Findings write_combining() const;  // of ENA's memory
  [[nodiscard]] Findings iommu() const;
  [[nodiscard]] Findings interfaces() const;  // of the kernel, that a port takes by af_packet
  [[nodiscard]] Findings cpu() const;
  [[nodiscard]] Findings cores() const;
  [[nodiscard]] Findings clock() const;
  [[nodiscard]] Findings locked_memory() const;

 private:
  // A port with the name of its table.
  struct NamedPort {
    std::string_view name;
    const config::Port& port;
  };
  [[nodiscard]] std::vector<NamedPort> ports() const;
  // PCI addresses of the configuration's devices.
  [[nodiscard]] std::vector<std::string> pci_devices() const;
  [[nodiscard]] std::string driver_of(std::string_view address) const;  // empty: none

  [[nodiscard]] Finding driver(const std::string& address) const;
  [[nodiscard]] Finding spare_device(const std::string& address) const;
  [[nodiscard]] std::string bind_command(const std::string& address) const;
  [[nodiscard]] std::string default_route_by(std::string_view address) const;
  [[nodiscard]] Finding write_combining(const std::string& address) const;
  [[nodiscard]] bool mapped_write_combining(const std::string& address) const;
  [[nodiscard]] std::string file_that_activates_write_combining() const;
  void examine_interface(const NamedPort& named, const std::string& interface, Findings& findings) const;
  [[nodiscard]] Finding queues(const NamedPort& named, const std::string& interface) const;
  [[nodiscard]] bool kernel_has_address(std::uint32_t address) const;
  [[nodiscard]] std::string engine(const std::set<std::string, std::less<>>& flags) const;

  Host host_;
  const config::Config* config_;
};

// ✓, ✗ or –, what was seen, and below it the command that mends it.
[[nodiscard]] std::string findings_text(const Findings& findings);
// Whether the gateway could start.
[[nodiscard]] bool can_start(const Findings& findings);

}  // namespace espgate::cli
