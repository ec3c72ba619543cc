// SPDX-License-Identifier: Apache-2.0
#include "client/report.h"

#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::client {
namespace {

using Json = nlohmann::ordered_json;
using dataplane::Punt;

std::uint64_t punts(const Report& report, Punt punt) {
  return report.path.stats().punts[static_cast<std::size_t>(punt)];
}

Json traffic_json(const Traffic& traffic) { return {{"packets", traffic.packets}, {"bytes", traffic.bytes}}; }

Json drops_json(const dataplane::WorkerStats& stats) {
  Json drops = Json::object();
  for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i)
    if (stats.drops[i] != 0) drops[std::string(dataplane::drop_reasons[i].name)] = stats.drops[i].value();
  return drops;
}

std::string drops_text(const dataplane::WorkerStats& stats) {
  std::string out;
  for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i)
    if (stats.drops[i] != 0)
      out += fmt::format("  {:<22} {:>8}  {}\n", dataplane::drop_reasons[i].name, stats.drops[i].value(),
                         dataplane::drop_reasons[i].sentence);
  return out.empty() ? "  none\n" : out;
}

}  // namespace

std::string Report::line() const {
  const auto& drops = path.stats().drops;
  return fmt::format("sent {} packets, {} bytes; received {} packets, {} bytes; dropped {}\n",
                     path.sent().packets, path.sent().bytes, path.received().packets, path.received().bytes,
                     std::accumulate(drops.begin(), drops.end(), std::uint64_t{0}));
}

std::string Report::text() const {
  std::string out = fmt::format(
      "to the gateway    {:>10} packets  {:>12} bytes  {} keepalives\n"
      "from the gateway  {:>10} packets  {:>12} bytes\n"
      "not for us        {:>10} IKE, {} L2TP control, {} PPP control, {} keepalives\n",
      path.sent().packets, path.sent().bytes, keepalives_sent, path.received().packets, path.received().bytes,
      punts(*this, Punt::ike), punts(*this, Punt::l2tp_control), punts(*this, Punt::ppp_control),
      punts(*this, Punt::keepalive));
  if (ipv6_packets != 0) out += fmt::format("left out          {:>10} IPv6 packets\n", ipv6_packets);
  if (unreachable != 0) out += fmt::format("unreachable       {:>10} times\n", unreachable);
  return out + "Drops\n" + drops_text(path.stats());
}

std::string Report::json() const {
  const Json object = {{"sent", traffic_json(path.sent())},
                       {"received", traffic_json(path.received())},
                       {"keepalives_sent", keepalives_sent},
                       {"keepalives_received", punts(*this, Punt::keepalive)},
                       {"ike", punts(*this, Punt::ike)},
                       {"l2tp_control", punts(*this, Punt::l2tp_control)},
                       {"ppp_control", punts(*this, Punt::ppp_control)},
                       {"ipv6_packets", ipv6_packets},
                       {"unreachable", unreachable},
                       {"next_sequence", outbound.next_sequence},
                       {"drops", drops_json(path.stats())}};
  return object.dump() + "\n";
}

}  // namespace espgate::client
