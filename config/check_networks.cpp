// SPDX-License-Identifier: Apache-2.0
// Ports, routes and the pool: whether every address is somewhere, and in one place only.
#include "config/checks.h"
#include "config/device.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::config {
namespace {

constexpr unsigned widest_link = 8;  // a link of more than a /8 is a slip of the pen

void check_address(Checker& checker, const NamedPort& named) {
  const Port& port = named.port;
  const std::string path = fmt::format("{}.address", named.name);
  const std::string text = address_text(port.address.address);
  if (!is_host_address(port.address.address))
    return checker.error(path, fmt::format("{} is no address that an interface can have", text));
  if (port.address.length < widest_link || port.address.length == 32) {
    return checker.error(path, fmt::format("a link with a network of /{} cannot be", port.address.length),
                         fmt::format("write the length of the network on the link, like \"{}/24\"", text));
  }
  if (is_network_or_broadcast(port.address, port.address.address)) {
    checker.error(path,
                  fmt::format("{} is the {} address of {}", text,
                              text == address_text(port.address.network().address) ? "network" : "broadcast",
                              port.address.network().to_string()));
  }
  if (checker.config.public_address == port.address.address) {
    checker.error(
        path,
        fmt::format("{} is the Elastic IP (gateway.public_address); the interface has the private address",
                    text),
        "write the interface's private address, which the EC2 console shows beside it");
  }
}

void check_next_hop(Checker& checker, const NamedPort& named) {
  const Port& port = named.port;
  if (!port.gateway) return;
  const std::string path = fmt::format("{}.gateway", named.name);
  const std::string text = address_text(*port.gateway);
  const std::string network = port.address.network().to_string();
  if (!port.address.contains(*port.gateway)) {
    checker.error(path,
                  fmt::format("gateway {} is not on the network of [{}], {}", text, named.name, network),
                  "a gateway is a next hop on the link");
  } else if (*port.gateway == port.address.address) {
    checker.error(path, fmt::format("gateway {} is the port's own address", text),
                  "name the next hop, or leave out \"gateway\"");
  } else if (is_network_or_broadcast(port.address, *port.gateway)) {
    checker.error(path, fmt::format("gateway {} is the network or broadcast address of {}", text, network));
  }
}

void check_frames(Checker& checker, const NamedPort& named) {
  const Device device(named.port.device);
  const auto largest = device.largest_packet();
  if (!largest || *largest >= named.port.mtu) return;
  checker.error(
      fmt::format("{}.device", named.name),
      fmt::format("packets of more than {} bytes do not fit into the device's frames, and mtu is {}",
                  *largest, named.port.mtu),
      device.interface()
          ? fmt::format("write interface = \"{}\" instead, which sets large frames", *device.interface())
          : "add ,framesz=16384,blocksz=65536,framecnt=1024");
}

void check_devices_differ(Checker& checker) {
  const Config& config = checker.config;
  if (!config.inside) return;
  const Device outside(config.outside.device);
  const Device inside(config.inside->device);
  const bool same_name =
      outside.is_pci() ? outside.pci_address() == inside.pci_address() : outside.name() == inside.name();
  if (same_name) {
    return checker.error("inside",
                         fmt::format("[outside] and [inside] have the same device {}", inside.name()),
                         "for one port on both sides leave out [inside] and set gateway.inside_prefixes");
  }
  if (outside.interface() && outside.interface() == inside.interface()) {
    checker.error("inside",
                  fmt::format("[outside] and [inside] are on the same interface {}", *inside.interface()),
                  "for one port on both sides leave out [inside] and set gateway.inside_prefixes");
  }
}

// The port whose network has this address, or nullptr.
const Port* link_of(const Config& config, std::uint32_t address) {
  if (config.outside.address.contains(address)) return &config.outside;
  if (config.inside && config.inside->address.contains(address)) return &*config.inside;
  return nullptr;
}

void check_via(Checker& checker, const Route& route, const std::string& path) {
  const Config& config = checker.config;
  const std::string via = address_text(route.via);
  const Port* link = link_of(config, route.via);
  if (link == nullptr) {
    return checker.error(
        path, fmt::format("via {} is on no link of the gateway", via),
        fmt::format("a next hop on {}{}", config.outside.address.network().to_string(),
                    config.inside ? " or " + config.inside->address.network().to_string() : ""));
  }
  if (route.via == link->address.address) {
    checker.error(path, fmt::format("via {} is the gateway's own address", via));
  } else if (is_network_or_broadcast(link->address, route.via)) {
    checker.error(path, fmt::format("via {} is the network or broadcast address of {}", via,
                                    link->address.network().to_string()));
  } else if (config.inside && link == &config.outside) {
    checker.warn(path, fmt::format("what clients send to {} leaves by [outside] and is not encrypted",
                                   route.prefix.to_string()));
  }
}

void check_network(Checker& checker, const wire::Ipv4Prefix& network, std::string_view path) {
  if (network.length == 0 || is_host_address(network.address)) return;
  checker.error(path, fmt::format("{} holds no addresses that hosts can have", network.to_string()));
}

}  // namespace

void check_ports(Checker& checker) {
  const Config& config = checker.config;
  for (const NamedPort& named : ports_of(config)) {
    check_address(checker, named);
    check_next_hop(checker, named);
    check_frames(checker, named);
  }
  check_devices_differ(checker);
  if (config.inside && config.inside->address.overlaps(config.outside.address)) {
    checker.error("inside.address", fmt::format("the networks of [inside], {}, and [outside], {}, overlap",
                                                config.inside->address.network().to_string(),
                                                config.outside.address.network().to_string()));
  }
  if (config.outer_mtu > config.outside.mtu) {
    checker.error(
        "gateway.outer_mtu",
        fmt::format("outer_mtu {} is larger than the MTU of [outside], {}", config.outer_mtu,
                    config.outside.mtu),
        fmt::format("lower it, or write mtu = {} in [outside] if the link takes it", config.outer_mtu));
  }
  if (config.public_address && !is_host_address(*config.public_address)) {
    checker.error("gateway.public_address", fmt::format("{} is no address that clients can reach",
                                                        address_text(*config.public_address)));
  }
  if (!config.outside.gateway) {
    checker.warn("outside", fmt::format("[outside] has no gateway: only clients on {} itself can be reached",
                                        config.outside.address.network().to_string()));
  }
}

void check_sides(Checker& checker) {
  const Config& config = checker.config;
  if (!config.inside && config.inside_prefixes.empty()) {
    checker.error("gateway",
                  "there is no [inside], and gateway.inside_prefixes does not say which networks are inside",
                  "add [inside], or, for one port on both sides, inside_prefixes = [\"10.0.0.0/8\"]");
  }
  if (config.inside && !config.inside_prefixes.empty())
    checker.warn("gateway.inside_prefixes", "inside_prefixes has no effect beside [inside]",
                 "leave out one of them");
  for (std::size_t i = 0; i < config.inside_prefixes.size(); ++i) {
    const wire::Ipv4Prefix& prefix = config.inside_prefixes[i];
    const std::string path = fmt::format("gateway.inside_prefixes[{}]", i);
    check_network(checker, prefix, path);
    if (prefix.length == 0) {
      checker.error(path, "0.0.0.0/0 would take clear packets from everywhere as if they came from inside",
                    "name the private networks");
    } else if (config.client_pool.network().contains(prefix.address) &&
               prefix.length >= config.client_pool.length) {
      checker.error(
          path, fmt::format("{} lies within the pool of the clients, {}: those are reached through ESP only",
                            prefix.to_string(), config.client_pool.to_string()));
    }
  }
}

void check_pool(Checker& checker) {
  const Config& config = checker.config;
  check_network(checker, config.client_pool, "clients.pool");
  for (const NamedPort& named : ports_of(config)) {
    if (!config.client_pool.overlaps(named.port.address)) continue;
    checker.error("clients.pool",
                  fmt::format("the pool {} overlaps the network of [{}], {}", config.client_pool.to_string(),
                              named.name, named.port.address.network().to_string()),
                  "give clients a network of their own, and the private hosts a route to it");
  }
  if (config.public_address && config.client_pool.contains(*config.public_address))
    checker.error("clients.pool", "the pool holds gateway.public_address");
}

// A route that is wider than the pool is fine: a client's own address is looked up first.
void check_routes(Checker& checker) {
  const Config& config = checker.config;
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const Route& route = config.routes[i];
    const std::string path = fmt::format("route[{}].prefix", i);
    const std::string text = route.prefix.to_string();
    check_network(checker, route.prefix, path);
    check_via(checker, route, fmt::format("route[{}].via", i));
    const auto same = [&](const Route& other) { return other.prefix == route.prefix; };
    const auto earlier =
        std::find_if(config.routes.begin(), config.routes.begin() + static_cast<std::ptrdiff_t>(i), same);
    if (earlier != config.routes.begin() + static_cast<std::ptrdiff_t>(i)) {
      checker.error(path, fmt::format("there are two routes to {}", text),
                    fmt::format("the other goes by {}", address_text(earlier->via)));
    }
    if (config.client_pool.contains(route.prefix.address) &&
        route.prefix.length >= config.client_pool.length) {
      checker.error(path, fmt::format("a route to {} takes addresses from the pool of the clients, {}", text,
                                      config.client_pool.to_string()));
    }
    for (const NamedPort& named : ports_of(config)) {
      if (named.port.address.network() != route.prefix) continue;
      checker.error(path,
                    fmt::format("{} is the network of [{}] itself and needs no route", text, named.name));
    }
  }
}

}  // namespace espgate::config
