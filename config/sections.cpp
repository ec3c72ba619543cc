// SPDX-License-Identifier: Apache-2.0
#include "config/sections.h"

#include "config/device.h"
#include "config/printable.h"
#include "config/spelling.h"

#include <algorithm>
#include <array>

namespace espgate::config {
namespace {

constexpr std::uint16_t least_mtu = 576;  // RFC 791: what every host takes
constexpr std::uint16_t most_mtu = 9001;  // EC2's jumbo frames
constexpr unsigned most_workers = 64;
constexpr unsigned most_cores = 1024;

constexpr std::array<Choice<Idle>, 2> idle_choices = {{{"poll", Idle::poll}, {"adaptive", Idle::adaptive}}};
constexpr std::array<Choice<Hugepages>, 3> hugepages_choices = {
    {{"auto", Hugepages::automatic}, {"on", Hugepages::on}, {"off", Hugepages::off}}};
constexpr std::array<Choice<crypto::EngineChoice>, 3> engine_choices = {
    {{"auto", crypto::EngineChoice::automatic},
     {"ipsec_mb", crypto::EngineChoice::ipsec_mb},
     {"openssl", crypto::EngineChoice::openssl}}};
constexpr std::array<std::string_view, 6> log_levels = {"trace",   "debug", "info",
                                                        "warning", "error", "critical"};

void read_device(Section& section, std::string& device) {
  std::string text;
  if (!section.text("device", text)) return;
  const Device parsed(text);
  if (!parsed.is_pci() && !parsed.is_virtual()) {
    const std::string hint = is_interface_name(text)
                                 ? fmt::format("for the interface {0} write interface = \"{0}\"", text)
                                 : std::string();
    return section.error(
        "device",
        "device: expected a PCI address like \"0000:00:06.0\" or one of DPDK's virtual devices like "
        "\"net_af_packet0,iface=s0\", got " +
            in_quotes(text),
        hint);
  }
  device = text;
}

void read_interface(Section& section, unsigned number, unsigned queues, std::string& device) {
  std::string name;
  if (!section.text("interface", name)) return;
  if (is_interface_name(name)) {
    device = af_packet_device(number, name, queues);
    return;
  }
  section.error(
      "interface", "interface: expected the name of a network interface, got " + in_quotes(name),
      Device(name).is_pci() || Device(name).is_virtual() ? fmt::format("write device = \"{}\"", name) : "");
}

}  // namespace

void read_port(Section section, unsigned number, unsigned workers, Port& port) {
  port.where = section.where();
  read_device(section, port.device);
  read_interface(section, number, workers, port.device);
  if (section.has("device") && section.has("interface"))
    section.error("interface", "\"device\" and \"interface\" say the same thing twice", "keep one of them");
  if (!section.has("device"))
    section.require("interface", "or \"device\", a PCI address or a DPDK virtual device");
  if (!section.interface_address("address", port.address)) section.require("address");
  section.address("gateway", port.gateway);
  section.number("mtu", port.mtu, least_mtu, most_mtu);
  section.finish();
}

void read_route(Section section, Route& route) {
  route.where = section.where();
  if (!section.network("prefix", route.prefix)) section.require("prefix");
  if (!section.address("via", route.via)) section.require("via");
  section.finish();
}

void read_gateway(Section section, Config& config) {
  section.address("public_address", config.public_address);
  section.number("outer_mtu", config.outer_mtu, least_mtu, most_mtu);
  section.flag("client_to_client", config.client_to_client);
  section.networks("inside_prefixes", config.inside_prefixes);
  section.finish();
}

void read_clients(Section section, Config& config) {
  if (!section.network("pool", config.client_pool)) section.require("pool");
  section.finish();
}

void read_workers(Section section, Config& config, bool& idle_given) {
  const bool counted = section.number("count", config.workers.count, 1U, most_workers);
  section.numbers("cores", config.workers.cores, most_cores - 1);
  if (!counted && !config.workers.cores.empty())
    config.workers.count = static_cast<unsigned>(config.workers.cores.size());
  idle_given = section.choice("idle", config.workers.idle, idle_choices);
  section.choice("engine", config.engine, engine_choices);
  section.finish();
}

void read_memory(Section section, Config& config) {
  section.choice("hugepages", config.hugepages, hugepages_choices);
  section.number("megabytes", config.memory_megabytes, 0U, 1U << 20);
  section.number("buffers", config.buffers, 0U, 1U << 24);
  section.number("reassembly_datagrams", config.reassembly_datagrams, 1U, 1U << 16);
  section.finish();
}

void read_runtime(Section section, Config& config) {
  for (const auto& [key, folder] :
       {std::pair{"directory", &config.runtime_directory},
        std::pair{"state_directory", &config.state_directory}, std::pair{"debug_log", &config.debug_log}}) {
    std::string text;
    if (!section.text(key, text)) continue;
    *folder = text;
    if (!folder->is_absolute())
      section.error(key, fmt::format("{}: expected a path from the root, got {}", key, in_quotes(text)));
  }
  (void)section.text("control_user", config.control_user);
  std::string level;
  if (section.text("log_level", level)) {
    if (std::ranges::find(log_levels, level) == log_levels.end())
      section.error("log_level", "log_level: unknown value " + in_quotes(level),
                    suggestion(level, log_levels));
    config.log_level = level;
  }
  section.finish();
}

}  // namespace espgate::config
