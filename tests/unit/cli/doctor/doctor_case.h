// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/doctor/doctor.h"
#include "config/config_file.h"
#include "tests/unit/config/config_text.h"

#include <string>
#include <utility>

namespace espgate::cli {

// "✗! driver: 0000:00:06.0 has no driver → modprobe …": one line for each finding, "!" for a fatal one.
inline std::string brief(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    switch (finding.mark) {
      case Mark::good:
        text += "✓ ";
        break;
      case Mark::bad:
        text += "✗ ";
        break;
      case Mark::fatal:
        text += "✗! ";
        break;
      case Mark::not_applicable:
        text += "– ";
        break;
    }
    text += finding.check + ": " + finding.what;
    if (!finding.remedy.empty()) text += " → " + finding.remedy;
    text += '\n';
  }
  return text;
}

inline config::Config config_of(const std::string& text) {
  return std::move(config::parse_config(text, "g.toml").value().config);
}

// Two PCI devices, 06 outside and 07 inside.
inline config::Config pci_config(const std::string& more = {}) {
  using config::with;
  return config_of(with(with(config::good_ports, "interface = \"s0\"", "device = \"0000:00:06.0\""),
                        "interface = \"s1\"", "device = \"00:07.0\"") +
                   more);
}

}  // namespace espgate::cli
