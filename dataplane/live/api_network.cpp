// SPDX-License-Identifier: Apache-2.0
// port, route, neighbour: the links and where packets go on them.
#include "dataplane/live/api_answers.h"
#include "dataplane/live/api_text.h"
#include "dataplane/live/manager.h"

#include <nlohmann/json.hpp>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

std::string port_name(const Gateway& gateway, std::uint8_t id) {
  return id == gateway.outside().id() ? "outside" : "inside";
}

const config::Port& port_config(const Gateway& gateway, std::uint8_t id) {
  return id == gateway.outside().id() ? gateway.config.outside : gateway.config.private_port();
}

json counters_json(const dpdk::Port::Counters& counters) {
  return {{"received", counters.rx_packets},      {"received_bytes", counters.rx_bytes},
          {"receive_missed", counters.rx_missed}, {"receive_errors", counters.rx_errors},
          {"sent", counters.tx_packets},          {"sent_bytes", counters.tx_bytes},
          {"send_errors", counters.tx_errors},    {"receive_without_buffer", counters.rx_no_buffer}};
}

json port_json(const Gateway& gateway, const dpdk::Port& port, bool extended) {
  const config::Port& wanted = port_config(gateway, port.id());
  json result = {{"id", port.id()},
                 {"name", port_name(gateway, port.id())},
                 {"device", port.device()},
                 {"driver", port.driver()},
                 {"mac", port.mac().to_string()},
                 {"address", wanted.address.to_string()},
                 {"gateway", wanted.gateway ? json(address_text(*wanted.gateway)) : json()},
                 {"mtu", port.mtu()},
                 {"link", port.link_up() ? "up" : "down"},
                 {"receive_queues", port.rx_queues()},
                 {"transmit_queues", port.tx_queues()},
                 {"offloads", port.offloads()},
                 {"counters", counters_json(port.counters())}};
  if (!extended) return result;
  json all = json::object();
  for (const auto& [name, value] : port.extended_counters()) all[name] = value;
  result["extended_counters"] = std::move(all);
  return result;
}

std::string_view state_name(NextHop::State state) {
  switch (state) {
    case NextHop::State::free:
      return "free";
    case NextHop::State::glean:
      return "connected";
    case NextHop::State::incomplete:
      return "incomplete";
    case NextHop::State::resolved:
      return "resolved";
  }
  return "unknown";
}

// The router of a configured route or default; nullopt: the destination itself is on the link.
std::optional<std::uint32_t> via(const config::Config& config, const wire::Ipv4Prefix& prefix) {
  for (const config::Route& route : config.routes)
    if (route.prefix.network() == prefix) return route.via;
  return prefix == wire::Ipv4Prefix{0, 0} ? config.outside.gateway : std::nullopt;
}

json route_json(const Gateway& gateway, const Route& route) {
  const NextHop hop = gateway.hops.get(route.next_hop);
  const auto router = via(gateway.config, route.prefix);
  return {{"prefix", route.prefix.to_string()},
          {"via", router && hop.state != NextHop::State::glean ? json(address_text(*router)) : json()},
          {"port", port_name(gateway, hop.port)},
          {"state", state_name(hop.state)},
          {"mac", hop.state == NextHop::State::resolved ? json(hop.destination.to_string()) : json()}};
}

// Where clients' packets go that no private route names; null: nowhere.
json clients_default_json(const Gateway& gateway) {
  const NextHopId id = gateway.shared->side.default_hop;
  if (id == no_next_hop) return nullptr;
  json row = route_json(gateway, {{0, 0}, id});
  row["via"] = address_text(gateway.config.private_port().gateway.value_or(0));
  return row;
}

}  // namespace

json port_answer(Manager& manager, const json& request) {
  const Gateway& gateway = manager.gateway();
  const bool extended = request.value("extended", false);
  json ports = json::array();
  for (const auto& port : gateway.ports) ports.push_back(port_json(gateway, *port, extended));
  return {{"ports", ports}};
}

json route_answer(Manager& manager) {
  const Gateway& gateway = manager.gateway();
  json routes = json::array();
  for (const Route& route : gateway.routes->list()) routes.push_back(route_json(gateway, route));
  // Not in the table: looked up by address, before routes.
  json pools =
      json::array({{{"prefix", gateway.config.client_pool.network().to_string()}, {"to", "sessions"}}});
  return {{"routes", routes}, {"clients", pools}, {"clients_default", clients_default_json(gateway)}};
}

json neighbour_answer(Manager& manager) {
  const Gateway& gateway = manager.gateway();
  json rows = json::array();
  for (const Neighbours::Row& row : manager.neighbours().list(Manager::now_nanoseconds()))
    rows.push_back({{"address", address_text(row.address)},
                    {"port", port_name(gateway, row.port)},
                    {"mac", row.mac ? json(row.mac->to_string()) : json()},
                    {"state", to_string(row.state)},
                    {"gateway", row.gateway},
                    {"age_seconds", row.age_nanoseconds / Neighbours::second},
                    {"waiting", row.waiting}});
  const Neighbours::Counters& counters = manager.neighbours().counters();
  return {{"neighbours", rows},
          {"counters",
           {{"conflicts", counters.conflicts},
            {"ignored", counters.ignored},
            {"evicted", counters.evicted},
            {"failed", counters.failed}}}};
}

}  // namespace espgate::dataplane::live
