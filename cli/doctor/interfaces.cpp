// SPDX-License-Identifier: Apache-2.0
// Interfaces of the kernel that a port takes by af_packet: the kernel goes on seeing their packets too.
#include "cli/doctor/doctor.h"
#include "config/device.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

std::string attribute(const std::string& interface, std::string_view name) {
  return fmt::format("sys/class/net/{}/{}", interface, name);
}

unsigned number_or(std::optional<std::string_view> text, unsigned otherwise) {
  if (!text) return otherwise;
  unsigned value = otherwise;
  std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// IFF_UP is the lowest bit of the flags, which are written in hexadecimal.
bool is_up(const std::optional<std::string>& flags) {
  return !flags || flags->empty() ||
         std::string_view("13579bdfBDF").find(flags->back()) != std::string_view::npos;
}

}  // namespace

// /proc/net/fib_trie: "|-- 10.20.0.10" with "/32 host LOCAL" below it.
bool Doctor::kernel_has_address(std::uint32_t address) const {
  const std::string leaf = "|-- " + wire::IpAddress::v4(address).to_string();
  bool in_leaf = false;
  for (const std::string& line : host_.lines("proc/net/fib_trie")) {
    if (line.find("-- ") != std::string::npos) in_leaf = line.ends_with(leaf);
    if (in_leaf && line.find("/32 host LOCAL") != std::string::npos) return true;
  }
  return false;
}

Finding Doctor::queues(const NamedPort& named, const std::string& interface) const {
  const config::Device device(named.port.device);
  const unsigned opened = number_or(device.argument("qpairs"), 1);
  const auto names = host_.list(attribute(interface, "queues"));
  const auto received =
      std::ranges::count_if(names, [](const std::string& name) { return name.starts_with("rx-"); });
  const std::string what = fmt::format("{} has {} for receiving, the gateway opens {} for {} workers",
                                       interface, received, opened, config_->workers.count);
  if (!device.is_af_packet() || opened >= config_->workers.count) return good("queues", what);
  return bad("queues", what,
             fmt::format("write interface = \"{}\" instead of device, or add ,qpairs={}", interface,
                         config_->workers.count));
}

void Doctor::examine_interface(const NamedPort& named, const std::string& interface,
                               Findings& findings) const {
  const std::string check = "interface";
  if (!host_.exists(attribute(interface, ""))) {
    findings.push_back(fatal(check, fmt::format("there is no interface {} for [{}]", interface, named.name),
                             "ip -br link lists them"));
    return;
  }
  if (host_.default_route_interfaces().contains(interface)) {
    findings.push_back(fatal(
        check,
        fmt::format("{} of [{}] carries the default route: the gateway must not share it with the kernel",
                    interface, named.name),
        "name another interface in the configuration"));
    return;
  }
  if (!is_up(host_.read(attribute(interface, "flags")))) {
    findings.push_back(bad(check, fmt::format("{} of [{}] is down", interface, named.name),
                           fmt::format("ip link set dev {} up", interface)));
  } else {
    findings.push_back(good(check, fmt::format("{} is there for [{}]", interface, named.name)));
  }
  const std::uint64_t mtu = host_.number(attribute(interface, "mtu")).value_or(0);
  const unsigned wanted = named.port.mtu;
  if (mtu < wanted) {
    findings.push_back(bad("MTU", fmt::format("{} of {}, {} in the configuration", mtu, interface, wanted),
                           fmt::format("ip link set dev {} mtu {}", interface, wanted)));
  } else {
    findings.push_back(good("MTU", fmt::format("{} of {}, {} in the configuration", mtu, interface, wanted)));
  }
  findings.push_back(queues(named, interface));
  if (kernel_has_address(named.port.address.address)) {
    const std::string address = wire::IpAddress::v4(named.port.address.address).to_string();
    findings.push_back(
        bad("address", fmt::format("the kernel has {} too, and answers beside the gateway", address),
            fmt::format("ip address del {} dev {}", named.port.address.to_string(), interface)));
  }
}

Findings Doctor::interfaces() const {
  Findings findings;
  for (const NamedPort& named : ports()) {
    if (const auto interface = config::Device(named.port.device).interface())
      examine_interface(named, std::string(*interface), findings);
  }
  return findings;
}

}  // namespace espgate::cli
