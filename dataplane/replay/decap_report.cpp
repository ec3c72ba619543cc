// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/decap_report.h"

#include "dataplane/cycle_clock.h"
#include "dataplane/replay/rates.h"
#include "dataplane/replay/report_parts.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::replay {
namespace {

using dataplane::DropReason;
using dataplane::Punt;
using Json = nlohmann::ordered_json;

constexpr std::size_t flows_shown = 10;

std::uint64_t punts(const dataplane::WorkerStats& stats, Punt punt) {
  return stats.punts[static_cast<std::size_t>(punt)];
}

// Reasons that count packets which had come as far as an ESP header.
bool concerns_esp(DropReason reason) {
  return reason >= DropReason::esp_truncated && reason <= DropReason::inner_source_spoofed;
}

// A peer as the capture shows it: two endpoints that exchange ESP, whichever sent first.
std::set<std::pair<Endpoint, Endpoint>> peers_of(const Observer& observer) {
  std::set<std::pair<Endpoint, Endpoint>> peers;
  for (const auto& [sa, seen] : observer.sas())
    peers.insert(std::minmax(seen.outer.source, seen.outer.destination));
  return peers;
}

std::vector<std::pair<Flow, Tally>> largest_flows(const Observer& observer) {
  std::vector<std::pair<Flow, Tally>> flows(observer.inner().begin(), observer.inner().end());
  std::sort(flows.begin(), flows.end(), [](const auto& a, const auto& b) {
    return a.second.bytes != b.second.bytes ? a.second.bytes > b.second.bytes : a.first < b.first;
  });
  return flows;
}

std::string spi_text(std::uint32_t spi) { return fmt::format("0x{:08x}", spi); }

const SaObservation* find(const Observer& observer, const dataplane::InboundSa& sa) {
  const auto at = observer.sas().find(&sa);
  return at == observer.sas().end() ? nullptr : &at->second;
}

void append_sas(std::string& out, const DecapReport& report) {
  out += "\nSAs\n";
  for (const SaStore::Entry& entry : report.store.entries()) {
    const SaObservation* seen = find(report.observer, entry.sa);
    const std::string_view suite = crypto::suite(entry.sa.suite).name;
    if (seen == nullptr) {
      out += fmt::format("  {}  {:<18} no packet\n", spi_text(entry.sa.spi), suite);
      continue;
    }
    out += fmt::format("  {}  {:<18} {:>22} -> {:<22} {:>8} packets  {:>10} bytes  sequence {}..{}{}\n",
                       spi_text(entry.sa.spi), suite, seen->outer.source.to_string(),
                       seen->outer.destination.to_string(), entry.sa.counters.packets.value(),
                       entry.sa.counters.bytes.value(), seen->first_sequence, seen->last_sequence,
                       entry.sa.esn ? " (ESN)" : "");
  }
}

void append_sessions(std::string& out, const Observer& observer) {
  out += "\nL2TP tunnels and sessions (ids as the receiver chose them)\n";
  for (const auto& [flow, tally] : observer.l2tp()) {
    const std::string who = fmt::format("{} -> {}", flow.source.to_string(), flow.destination.to_string());
    if (flow.session == 0) {
      out += fmt::format("  {:<46} tunnel {:<5}                {:>8} control messages\n", who, flow.tunnel,
                         tally.control);
    } else {
      out += fmt::format(
          "  {:<46} tunnel {:<5} session {:<5}  {:>8} inner packets  {:>6} PPP control  {:>4} L2TP control\n",
          who, flow.tunnel, flow.session, tally.inner.packets, tally.ppp_control, tally.control);
    }
  }
}

void append_flows(std::string& out, const Observer& observer) {
  out += "\nInner flows, largest first\n";
  const auto flows = largest_flows(observer);
  for (std::size_t i = 0; i < std::min(flows.size(), flows_shown); ++i) {
    const auto& [flow, tally] = flows[i];
    out += fmt::format("  {:<7} {:>21} -> {:<21} {:>8} packets  {:>10} bytes\n", protocol_name(flow.protocol),
                       flow.source.to_string(), flow.destination.to_string(), tally.packets, tally.bytes);
  }
  if (flows.size() > flows_shown) out += fmt::format("  and {} more\n", flows.size() - flows_shown);
}

Json sas_json(const DecapReport& report) {
  Json sas = Json::array();
  for (const SaStore::Entry& entry : report.store.entries()) {
    Json sa = {{"spi", spi_text(entry.sa.spi)},
               {"suite", crypto::suite(entry.sa.suite).name},
               {"engine", report.engine.does(entry.sa.suite)},
               {"esn", entry.sa.esn},
               {"packets", entry.sa.counters.packets.value()},
               {"bytes", entry.sa.counters.bytes.value()}};
    if (const SaObservation* seen = find(report.observer, entry.sa)) {
      sa["source"] = seen->outer.source.to_string();
      sa["destination"] = seen->outer.destination.to_string();
      sa["first_sequence"] = seen->first_sequence;
      sa["last_sequence"] = seen->last_sequence;
    }
    sas.push_back(std::move(sa));
  }
  return sas;
}

Json peers_json(const Observer& observer) {
  Json peers = Json::array();
  for (const auto& [a, b] : peers_of(observer)) peers.push_back(Json::array({a.to_string(), b.to_string()}));
  return peers;
}

Json sessions_json(const Observer& observer) {
  Json sessions = Json::array();
  for (const auto& [flow, tally] : observer.l2tp())
    sessions.push_back({{"source", flow.source.to_string()},
                        {"destination", flow.destination.to_string()},
                        {"tunnel", flow.tunnel},
                        {"session", flow.session},
                        {"l2tp_control", tally.control},
                        {"ppp_control", tally.ppp_control},
                        {"inner", tally.inner.packets},
                        {"inner_bytes", tally.inner.bytes}});
  return sessions;
}

Rates rates_of(const DecapReport& report) {
  return rates(report.totals.cycles, report.totals.packets, report.totals.inner_bytes);
}

}  // namespace

std::uint64_t DecapReport::esp() const {
  std::uint64_t count = totals.inner + punts(stats, Punt::l2tp_control) + punts(stats, Punt::ppp_control);
  for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i)
    if (concerns_esp(static_cast<DropReason>(i))) count += stats.drops[i];
  return count;
}

std::string DecapReport::text() const {
  std::string out = fmt::format("engine {} ({}), {}\n", engine.name(), engine.description(), cpu_model());
  std::set<std::string_view> elsewhere;
  for (const SaStore::Entry& entry : store.entries())
    if (engine.does(entry.sa.suite) != engine.name()) elsewhere.insert(crypto::suite(entry.sa.suite).name);
  for (const std::string_view suite : elsewhere)
    out += fmt::format("{} is not in {}: done by openssl\n", suite, engine.name());
  if (replay_ignored) out += "the capture is repeated: replay windows are kept, their verdict is ignored\n";

  out += "\nPeers\n";
  for (const auto& [a, b] : peers_of(observer))
    out += fmt::format("  {} <-> {}\n", a.to_string(), b.to_string());
  append_sas(out, *this);
  append_sessions(out, observer);
  append_flows(out, observer);
  out += drops_text(stats);

  const Rates rate = rates_of(*this);
  out += fmt::format(
      "\n{} packets: {} ESP, {} IKE, {} keepalives, {} other; {} were cut by the capture\n"
      "{} inner packets, {} bytes; {} L2TP control, {} PPP control\n"
      "{:.6f} s in the stages: {:.0f} cycles a packet, {:.3f} Mpps, {:.3f} Gbit/s of inner IP\n",
      totals.packets, esp(), punts(stats, Punt::ike), punts(stats, Punt::keepalive),
      punts(stats, Punt::neighbour) + punts(stats, Punt::icmp) + totals.no_network, totals.cut, totals.inner,
      totals.inner_bytes, punts(stats, Punt::l2tp_control), punts(stats, Punt::ppp_control), rate.seconds,
      rate.cycles_per_packet, rate.mpps, rate.gbps);
  return out;
}

std::string DecapReport::json() const {
  const Rates rate = rates_of(*this);
  const Json object = {
      {"packets", totals.packets},
      {"esp", esp()},
      {"inner", totals.inner},
      {"inner_bytes", totals.inner_bytes},
      {"ike", punts(stats, Punt::ike)},
      {"keepalives", punts(stats, Punt::keepalive)},
      {"l2tp_control", punts(stats, Punt::l2tp_control)},
      {"ppp_control", punts(stats, Punt::ppp_control)},
      {"fragments_held", punts(stats, Punt::held)},
      {"other", punts(stats, Punt::neighbour) + punts(stats, Punt::icmp) + totals.no_network},
      {"cut", totals.cut},
      {"drops", drops_json(stats)},
      {"sas", sas_json(*this)},
      {"peers", peers_json(observer)},
      {"l2tp", sessions_json(observer)},
      {"rounds", totals.rounds},
      {"replay_verdict_ignored", replay_ignored},
      {"seconds", rate.seconds},
      {"cycles_per_packet", rate.cycles_per_packet},
      {"mpps", rate.mpps},
      {"gbps", rate.gbps},
      {"engine", engine.name()},
      {"engine_description", engine.description()},
      {"cpu", cpu_model()}};
  return object.dump(2) + "\n";
}

}  // namespace espgate::replay
