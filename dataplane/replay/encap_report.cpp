// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/encap_report.h"

#include "dataplane/replay/rates.h"
#include "dataplane/replay/report_parts.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::replay {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t sas_shown = 20;

std::string endpoint(std::uint32_t address, std::uint16_t port) {
  const std::string text = wire::IpAddress::v4(address).to_string();
  return port == 0 ? text : fmt::format("{}:{}", text, port);
}

// Whose SA has sent something.
std::vector<const EncapClient*> active(const EncapClients& clients) {
  std::vector<const EncapClient*> found;
  for (const EncapClient& client : clients.all())
    if (client.sa.counters.packets != 0) found.push_back(&client);
  return found;
}

Rates rates_of(const EncapTotals& totals) {
  return rates(totals.cycles, totals.encapsulated, totals.inner_bytes);
}

// Sequence numbers are handed out without gaps.
std::uint64_t first_sequence(const dataplane::OutboundSa& sa) {
  return sa.next_sequence - sa.counters.packets;
}

void append_sas(std::string& out, const EncapReport& report) {
  const auto clients = active(report.clients);
  const bool to_server = report.options.direction == EncapDirection::to_server;
  out += fmt::format("\nSAs of clients, {} the server\n", to_server ? "to" : "from");
  for (std::size_t i = 0; i < std::min(clients.size(), sas_shown); ++i) {
    const dataplane::OutboundSa& sa = clients[i]->sa;
    out += fmt::format("  0x{:08x}  {:<22} {:>8} packets  {:>10} bytes  sequence {}..{}{}\n", sa.spi,
                       endpoint(clients[i]->address, clients[i]->natt_port), sa.counters.packets.value(),
                       sa.counters.bytes.value(), first_sequence(sa), sa.next_sequence - 1,
                       sa.esn ? " (ESN)" : "");
  }
  if (clients.size() > sas_shown) out += fmt::format("  and {} more\n", clients.size() - sas_shown);
  if (clients.empty()) out += "  no packet\n";
}

Json sas_json(const EncapClients& clients) {
  Json sas = Json::array();
  for (const EncapClient* client : active(clients)) {
    const dataplane::OutboundSa& sa = client->sa;
    sas.push_back({{"spi", fmt::format("0x{:08x}", sa.spi)},
                   {"client", endpoint(client->address, client->natt_port)},
                   {"packets", sa.counters.packets.value()},
                   {"bytes", sa.counters.bytes.value()},
                   {"first_sequence", first_sequence(sa)},
                   {"last_sequence", sa.next_sequence - 1}});
  }
  return sas;
}

}  // namespace

std::string EncapReport::text() const {
  const crypto::Suite& suite = crypto::suite(options.suite);
  std::string out = fmt::format("engine {} ({}), {}\n", engine.name(), engine.description(), cpu_model());
  if (engine.does(options.suite) != engine.name())
    out +=
        fmt::format("{} is not in {}: done by {}\n", suite.name, engine.name(), engine.does(options.suite));
  append_sas(out, *this);
  out += drops_text(stats);
  const Rates rate = rates_of(totals);
  out += fmt::format(
      "\n{} packets: {} encapsulated with {}, {} not IP; {} inner addresses on {} clients\n"
      "{} bytes of inner IP became {} bytes of outer IP\n"
      "{:.6f} s in the stages: {:.0f} cycles a packet, {:.3f} Mpps, {:.3f} Gbit/s of inner IP\n",
      totals.packets, totals.encapsulated, suite.name, totals.not_ip, clients.inner_addresses(),
      clients.all().size(), totals.inner_bytes, totals.outer_bytes, rate.seconds, rate.cycles_per_packet,
      rate.mpps, rate.gbps);
  return out;
}

std::string EncapReport::json() const {
  const Rates rate = rates_of(totals);
  const Json object = {{"packets", totals.packets},
                       {"not_ip", totals.not_ip},
                       {"encapsulated", totals.encapsulated},
                       {"bytes", totals.inner_bytes},
                       {"outer_bytes", totals.outer_bytes},
                       {"drops", drops_json(stats)},
                       {"clients", clients.all().size()},
                       {"inner_addresses", clients.inner_addresses()},
                       {"suite", crypto::suite(options.suite).name},
                       {"esn", options.esn},
                       {"sas", sas_json(clients)},
                       {"rounds", totals.rounds},
                       {"seconds", rate.seconds},
                       {"cycles_per_packet", rate.cycles_per_packet},
                       {"mpps", rate.mpps},
                       {"gbps", rate.gbps},
                       {"engine", engine.name()},
                       {"engine_of_suite", engine.does(options.suite)},
                       {"engine_description", engine.description()},
                       {"cpu", cpu_model()}};
  return object.dump(2) + "\n";
}

}  // namespace espgate::replay
