// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/doctor.h"

#include "config/device.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

std::string_view sign(Mark mark) {
  switch (mark) {
    case Mark::good:
      return "✓";
    case Mark::bad:
    case Mark::fatal:
      return "✗";
    case Mark::not_applicable:
      break;
  }
  return "–";
}

std::string closing_line(const Findings& findings) {
  const auto count = [&](Mark mark) { return std::ranges::count(findings, mark, &Finding::mark); };
  const auto fatal_ones = count(Mark::fatal);
  const auto bad_ones = count(Mark::bad);
  if (fatal_ones != 0)
    return fmt::format("The gateway could not run here: {} to mend first, {} to improve.\n", fatal_ones,
                       bad_ones);
  if (bad_ones != 0) return fmt::format("The gateway can run here; {} to improve.\n", bad_ones);
  return "The gateway can run here.\n";
}

}  // namespace

Findings Doctor::examine() const {
  using Check = Findings (Doctor::*)() const;
  static constexpr std::array<Check, 9> checks = {
      &Doctor::interfaces, &Doctor::drivers,   static_cast<Check>(&Doctor::write_combining),
      &Doctor::iommu,      &Doctor::hugepages, &Doctor::cpu,
      &Doctor::cores,      &Doctor::clock,     &Doctor::locked_memory};
  Findings all;
  for (const Check check : checks) std::ranges::move((this->*check)(), std::back_inserter(all));
  return all;
}

std::vector<Doctor::NamedPort> Doctor::ports() const {
  std::vector<NamedPort> all;
  if (config_ == nullptr) return all;
  all.push_back({"outside", config_->outside});
  if (config_->inside) all.push_back({"inside", *config_->inside});
  return all;
}

std::vector<std::string> Doctor::pci_devices() const {
  std::vector<std::string> addresses;
  for (const NamedPort& named : ports()) {
    if (auto address = config::Device(named.port.device).pci_address())
      addresses.push_back(std::move(*address));
  }
  return addresses;
}

std::string Doctor::driver_of(std::string_view address) const {
  return host_.link_target(fmt::format("sys/bus/pci/devices/{}/driver", address)).value_or("");
}

std::string findings_text(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{} {:<16} {}\n", sign(finding.mark), finding.check, finding.what);
    if (!finding.remedy.empty()) text += fmt::format("{:<18} → {}\n", "", finding.remedy);
  }
  return text + closing_line(findings);
}

bool can_start(const Findings& findings) {
  return std::ranges::none_of(findings, [](const Finding& finding) { return finding.mark == Mark::fatal; });
}

}  // namespace espgate::cli
