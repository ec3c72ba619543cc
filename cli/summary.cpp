// SPDX-License-Identifier: Apache-2.0
#include "cli/summary.h"

#include "config/device.h"
#include "wire/ip_address.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_lines = 6;  // of routes, and of static peers: the rest is counted

std::string address_text(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("{:<10}{}\n", label, text);
}

std::string device_text(const config::Port& port) {
  const config::Device device(port.device);
  const auto interface = device.interface();
  return interface ? fmt::format("interface {} ({})", *interface, device.name()) : std::string(device.name());
}

std::string port_text(const config::Port& port) {
  return fmt::format("{} on {}, MTU {}", port.address.to_string(), device_text(port), port.mtu);
}

std::string_view idle_text(config::Idle idle) { return idle == config::Idle::poll ? "poll" : "adaptive"; }

std::string_view engine_text(crypto::EngineChoice engine) {
  switch (engine) {
    case crypto::EngineChoice::ipsec_mb:
      return "ipsec_mb";
    case crypto::EngineChoice::openssl:
      return "openssl";
    case crypto::EngineChoice::automatic:
      break;
  }
  return "auto";
}

std::string_view hugepages_text(config::Hugepages hugepages) {
  switch (hugepages) {
    case config::Hugepages::on:
      return "on";
    case config::Hugepages::off:
      return "off";
    case config::Hugepages::automatic:
      break;
  }
  return "auto";
}

std::string prefixes_text(const std::vector<wire::Ipv4Prefix>& prefixes) {
  std::string text;
  for (const wire::Ipv4Prefix& prefix : prefixes) text += (text.empty() ? "" : ", ") + prefix.to_string();
  return text;
}

std::string workers_text(const config::Config& config) {
  std::string text = std::to_string(config.workers.count);
  if (!config.workers.cores.empty())
    text += fmt::format(" on cores {}", fmt::join(config.workers.cores, ", "));
  return fmt::format("{}, {} when idle, crypto engine {}", text, idle_text(config.workers.idle),
                     engine_text(config.engine));
}

std::string memory_text(const config::Config& config) {
  return fmt::format(
      "hugepages {}, {}, {} packet buffers, {} datagrams in reassembly per worker",
      hugepages_text(config.hugepages),
      config.memory_megabytes == 0 ? "size worked out" : fmt::format("{} MB", config.memory_megabytes),
      config.buffers == 0 ? "as many as needed" : std::to_string(config.buffers),
      config.reassembly_datagrams);
}

std::string runtime_text(const config::Config& config) {
  return fmt::format("sockets in {}, {}, log level {}", config.runtime_directory.string(),
                     config.state_directory.empty() ? std::string("nothing outlives a restart")
                                                    : "state in " + config.state_directory.string(),
                     config.log_level);
}

std::string peer_text(const config::StaticPeer& peer) {
  const std::string remote = peer.remote_address
                                 ? fmt::format("{}:{}", address_text(*peer.remote_address), peer.remote_port)
                                 : "wherever it is heard from";
  return fmt::format("{}: {}, {}, SPI {:#010x} in, {:#010x} out, at {}", peer.name,
                     address_text(peer.inner_address), crypto::suite(peer.suite).name, peer.inbound.spi,
                     peer.outbound.spi, remote);
}

// Where packets of clients go that no network on a link holds.
std::string routes_text(const config::Config& config) {
  std::string text;
  for (std::size_t i = 0; i < std::min(config.routes.size(), most_lines); ++i) {
    text += line(i == 0 ? "routes" : "", fmt::format("{} by {}", config.routes[i].prefix.to_string(),
                                                     address_text(config.routes[i].via)));
  }
  if (config.routes.size() > most_lines)
    text += line("", fmt::format("and {} more", config.routes.size() - most_lines));
  if (const auto& gateway = config.private_port().gateway) {
    text += line(config.routes.empty() ? "routes" : "",
                 fmt::format("everything else by {}", address_text(*gateway)));
  }
  return text;
}

// What clients by IKE will find; nothing without IKE.
std::string ike_text(const config::Config& config) {
  const config::Ike& ike = config.ike;
  if (!ike.enabled) return {};
  std::string text = fmt::format("{} pre-shared {}", ike.psks.size(), ike.psks.size() == 1 ? "key" : "keys");
  if (!ike.identity.empty()) text += fmt::format(", as {}", ike.identity);
  for (std::size_t i = 0; i < ike.legacy.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? ", also " : " ", ike.legacy[i]);
  for (std::size_t i = 0; i < ike.legacy_esp.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? ", ESP also " : " ", crypto::suite(ike.legacy_esp[i]).name);
  return line("ike", text);
}

Json ike_json(const config::Ike& ike) {
  Json legacy_esp = Json::array();
  for (const crypto::SuiteId suite : ike.legacy_esp) legacy_esp.push_back(crypto::suite(suite).name);
  return {{"enabled", ike.enabled},
          {"psks", ike.psks.size()},
          {"identity", ike.identity},
          {"legacy", ike.legacy},
          {"legacy_esp", std::move(legacy_esp)}};
}

std::string peers_text(const config::Config& config) {
  const auto& peers = config.static_peers;
  std::string text;
  for (std::size_t i = 0; i < std::min(peers.size(), most_lines); ++i)
    text += line(i == 0 ? "static" : "", peer_text(peers[i]));
  if (peers.size() > most_lines) text += line("", fmt::format("and {} more", peers.size() - most_lines));
  return text;
}

Json port_json(const config::Port& port) {
  return {{"device", port.device},
          {"address", port.address.to_string()},
          {"gateway", port.gateway ? Json(address_text(*port.gateway)) : Json()},
          {"mtu", port.mtu}};
}

Json peer_json(const config::StaticPeer& peer) {
  return {{"name", peer.name},
          {"suite", crypto::suite(peer.suite).name},
          {"inner_address", address_text(peer.inner_address)},
          {"remote", peer.remote_address
                         ? Json(fmt::format("{}:{}", address_text(*peer.remote_address), peer.remote_port))
                         : Json()},
          {"inbound_spi", peer.inbound.spi},
          {"outbound_spi", peer.outbound.spi}};
}

}  // namespace

std::string summary_text(const config::Config& config) {
  std::string text = line("outside", port_text(config.outside));
  text += line("", config.outside.gateway ? "clients by " + address_text(*config.outside.gateway)
                                          : "clients on this network only");
  text += line("inside", config.inside ? port_text(*config.inside)
                                       : "the same port, from " + prefixes_text(config.inside_prefixes));
  text += routes_text(config);
  if (config.public_address)
    text += line("identity", address_text(*config.public_address) + " (public address)");
  text +=
      line("clients",
           fmt::format("{} addresses from {}, {}", config.client_pool.size(), config.client_pool.to_string(),
                       config.client_to_client ? "they reach one another" : "they do not reach one another"));
  text += line("packets", fmt::format("outer ones of at most {} bytes", config.outer_mtu));
  text += line("workers", workers_text(config));
  text += line("memory", memory_text(config));
  text += line("runtime", runtime_text(config));
  return text + ike_text(config) + peers_text(config);
}

Json summary_json(const config::Config& config) {
  Json summary;
  summary["outside"] = port_json(config.outside);
  summary["inside"] = config.inside ? port_json(*config.inside) : Json();
  summary["inside_prefixes"] = Json::array();
  for (const auto& prefix : config.inside_prefixes) summary["inside_prefixes"].push_back(prefix.to_string());
  summary["routes"] = Json::array();
  for (const auto& route : config.routes)
    summary["routes"].push_back({{"prefix", route.prefix.to_string()}, {"via", address_text(route.via)}});
  summary["public_address"] = config.public_address ? Json(address_text(*config.public_address)) : Json();
  summary["outer_mtu"] = config.outer_mtu;
  summary["client_pool"] = config.client_pool.to_string();
  summary["client_to_client"] = config.client_to_client;
  summary["workers"] = {{"count", config.workers.count},
                        {"cores", config.workers.cores},
                        {"idle", idle_text(config.workers.idle)},
                        {"engine", engine_text(config.engine)}};
  summary["memory"] = {{"hugepages", hugepages_text(config.hugepages)},
                       {"megabytes", config.memory_megabytes},
                       {"buffers", config.buffers},
                       {"reassembly_datagrams", config.reassembly_datagrams}};
  summary["runtime"] = {{"directory", config.runtime_directory.string()},
                        {"state_directory", config.state_directory.string()},
                        {"log_level", config.log_level}};
  summary["ike"] = ike_json(config.ike);
  summary["static_peers"] = Json::array();
  for (const auto& peer : config.static_peers) summary["static_peers"].push_back(peer_json(peer));
  return summary;
}

}  // namespace espgate::cli
