// SPDX-License-Identifier: Apache-2.0
// espgate doctor: whether this host is fit for the gateway, and the commands that make it so.
#include "cli/command.h"
#include "cli/doctor/doctor.h"
#include "cli/problems_json.h"
#include "config/load.h"

#include <memory>
#include <string>

namespace espgate::cli {
namespace {

struct DoctorOptions {
  std::string file;
  std::string root = "/";
  bool json = false;
};

std::string_view name(Mark mark) {
  switch (mark) {
    case Mark::good:
      return "good";
    case Mark::bad:
      return "bad";
    case Mark::fatal:
      return "fatal";
    case Mark::not_applicable:
      break;
  }
  return "not_applicable";
}

std::string findings_json(const Findings& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"check", finding.check},
                    {"result", name(finding.mark)},
                    {"what", finding.what},
                    {"remedy", finding.remedy}});
  }
  return dump({{"ok", can_start(findings)}, {"findings", list}}) + '\n';
}

int examine(const DoctorOptions& options, const Output& output) {
  std::optional<config::Loaded> loaded;
  if (!options.file.empty()) {
    auto result = config::load(options.file);
    if (!result) {
      output.err << result.error().to_string();
      return failure;
    }
    loaded = std::move(*result);
  }
  const Findings findings = Doctor(Host(options.root), loaded ? &loaded->config : nullptr).examine();
  output.out << (options.json ? findings_json(findings) : findings_text(findings));
  return can_start(findings) ? success : failure;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("doctor", "whether this host is fit for the gateway, and what would make it so");
  auto options = std::make_shared<DoctorOptions>();
  command->add_option("-c,--config", options->file, "look at the devices and cores of this configuration");
  command->add_option("--root", options->root, "where /proc, /sys and /etc are (another machine's, copied)")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return examine(*options, output); }; });
}

}  // namespace espgate::cli
