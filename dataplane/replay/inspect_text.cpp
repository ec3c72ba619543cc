// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike_names.h"
#include "dataplane/replay/inspect_summary.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace espgate::replay {
namespace {

constexpr std::size_t most_of_a_type = 4;  // exchanges shown one by one
constexpr std::size_t transforms_shown = 6;

std::string_view arrow(bool from_left) { return from_left ? "->" : "<-"; }

void append_head(std::string& out, const InspectionSummary& summary) {
  const InspectionTotals& totals = summary.inspection.totals();
  if (totals.frames == 0) return void(out += "no frames\n");
  const auto start = static_cast<std::time_t>(totals.first_nanoseconds / 1'000'000'000);
  out += fmt::format("{} frames in {:.3f} s, from {:%Y-%m-%d %H:%M:%S} UTC\n", totals.frames,
                     summary.seconds(totals.last_nanoseconds), fmt::gmtime(start));
}

void append_peers(std::string& out, const InspectionSummary& summary) {
  out += "\nPeers\n";
  for (const PeerSummary& peer : summary.peers) {
    std::vector<std::string> paths;
    paths.reserve(peer.paths.size());
    for (const auto& [left, right] : peer.paths)
      paths.push_back(fmt::format("{} <-> {}", left.to_string(), right.to_string()));
    out += fmt::format("  {:<3} {}", peer.number, fmt::join(paths, ", then "));
    const auto [from_left, from_right] = peer.keepalives;
    if (from_left + from_right > 0) out += fmt::format("; keepalives: {} ->, {} <-", from_left, from_right);
    out += "\n";
  }
  if (summary.peers.empty()) out += "  none\n";
}

struct ExchangeLine {
  std::string name;
  std::array<std::uint64_t, 2> messages{};
  std::uint64_t retransmissions = 0;
  std::uint64_t encrypted = 0;
  std::size_t exchanges = 0;

  void add(const IkeExchange& exchange) {
    for (std::size_t side : {0u, 1u}) {
      messages[side] += exchange.messages[side];
      retransmissions += exchange.retransmissions[side];
    }
    encrypted += exchange.encrypted;
    ++exchanges;
  }
  [[nodiscard]] std::string notes() const {
    const std::uint64_t all = messages[0] + messages[1];
    std::string text = encrypted == all ? "encrypted"
                       : encrypted == 0 ? "clear"
                                        : fmt::format("{} encrypted", encrypted);
    if (retransmissions > 0) text += fmt::format(", {} retransmitted", retransmissions);
    if (exchanges > 1) text += fmt::format(", in {} exchanges", exchanges);
    return text;
  }
};

// Informational exchanges, and rekeying beyond a few, have one line together, where their first is.
std::vector<ExchangeLine> exchange_lines(const IkeSa& sa) {
  std::vector<ExchangeLine> lines;
  std::map<wire::IsakmpExchange, std::size_t> together;
  for (const IkeExchange& exchange : sa.exchanges) {
    const auto same = std::ranges::count(sa.exchanges, exchange.type, &IkeExchange::type);
    if (static_cast<std::size_t>(same) <= most_of_a_type) {
      lines.push_back({.name = exchange_text(exchange)});
      lines.back().add(exchange);
      continue;
    }
    const auto [at, is_new] = together.try_emplace(exchange.type, lines.size());
    if (is_new) lines.push_back({.name = exchange_name(exchange.type)});
    lines[at->second].add(exchange);
  }
  return lines;
}

void append_names(std::string& out, std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  const std::size_t shown = std::min(names.size(), transforms_shown);
  out += fmt::format("        {:<24} {}{}\n", what,
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     shown < names.size() ? fmt::format(", and {} more", names.size() - shown) : "");
}

void append_ike_sa(std::string& out, unsigned peer, const IkeSummary& summary) {
  const IkeSa& sa = *summary.sa;
  out += fmt::format("  {:<3} {} {}  IKEv{}{}\n", peer, cookie_text(sa.initiator_cookie),
                     sa.responder_cookie == 0 ? "no responder" : cookie_text(sa.responder_cookie), sa.version,
                     sa.from_its_first_message ? "" : ", its beginning isn't in the capture");
  const std::size_t left = summary.from_left ? 0 : 1;
  for (const ExchangeLine& line : exchange_lines(sa))
    out += fmt::format("        {:<24} {:>4} -> {:>4} <-   {}\n", line.name, line.messages[left],
                       line.messages[1 - left], line.notes());
  append_names(out, "offered", sa.offered);
  append_names(out, "chosen", sa.chosen);
  append_names(out, "vendor ids ->", sa.vendors[left]);
  append_names(out, "vendor ids <-", sa.vendors[1 - left]);
}

void append_ike(std::string& out, const InspectionSummary& summary) {
  out += "\nIKE (cookies of initiator and responder)\n";
  for (const PeerSummary& peer : summary.peers)
    for (const IkeSummary& sa : peer.ike) append_ike_sa(out, peer.number, sa);
  if (summary.inspection.ike().sas().empty()) out += "  none\n";
}

std::string sequence_notes(const SaSummary& summary) {
  const SequenceFindings& sequence = summary.sequence;
  std::string notes;
  const auto note = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) notes += fmt::format(", {} {}", count, what);
  };
  note(sequence.missing, "missing");
  note(sequence.duplicates, "duplicate");
  note(sequence.reused, "reused");
  note(sequence.out_of_order, "out of order");
  note(sequence.late, "late");
  note(sequence.strays, "stray");
  note(sequence.restarts, "restarts");
  note(sequence.wraps, "wraps");
  note(summary.sa->fragmented, "fragmented");
  return notes;
}

void append_sas(std::string& out, const InspectionSummary& summary) {
  out += "\nSAs\n";
  for (const PeerSummary& peer : summary.peers)
    for (const SaSummary& sa : peer.sas)
      out += fmt::format(
          "  {:<3} {} {} {:<5} {:<18} {:>8} packets  {:>10} bytes  {:>9.3f} .. {:>9.3f} s  sequence "
          "{}..{}{}\n",
          peer.number, spi_text(sa.sa->spi), arrow(sa.from_left), sa.sa->in_udp ? "udp" : "plain",
          sa.suite.empty() ? "no key" : sa.suite, sa.sa->tally.packets, sa.sa->tally.bytes,
          summary.seconds(sa.sa->first_nanoseconds), summary.seconds(sa.sa->last_nanoseconds),
          sa.sequence.first, sa.sequence.last, sequence_notes(sa));
  if (summary.inspection.esp().sas().empty()) out += "  none\n";
}

void append_clear(std::string& out, const InspectionSummary& summary) {
  if (summary.inspection.clear_l2tp().empty()) return;
  out += "\nNot protected\n";
  for (const auto& [flow, l2tp] : summary.inspection.clear_l2tp())
    out += fmt::format("  L2TP    {:>21} -> {:<21} {:>8} packets  {:>10} bytes\n", flow.first.to_string(),
                       flow.second.to_string(), l2tp.tally.packets, l2tp.tally.bytes);
}

void append_other(std::string& out, const InspectionSummary& summary) {
  if (summary.inspection.other().empty()) return;
  out += "\nOther traffic\n";
  for (const auto& [name, tally] : summary.inspection.other())
    out += fmt::format("  {:<18} {:>8} packets  {:>10} bytes\n", name, tally.packets, tally.bytes);
}

void append_totals(std::string& out, const InspectionSummary& summary) {
  const InspectionTotals& totals = summary.inspection.totals();
  out += fmt::format(
      "\n{} frames: {} ESP, {} IKE, {} keepalives, {} clear L2TP, {} later fragments, {} other; {} were cut "
      "by the capture\n",
      totals.frames, summary.inspection.esp().packets(), summary.inspection.ike().messages(),
      totals.keepalives, summary.clear_l2tp_packets(), totals.later_fragments - totals.orphan_fragments,
      summary.other_packets(), totals.cut);
}

}  // namespace

std::string InspectionSummary::text() const {
  std::string out;
  append_head(out, *this);
  append_peers(out, *this);
  append_ike(out, *this);
  append_sas(out, *this);
  append_clear(out, *this);
  append_other(out, *this);
  append_totals(out, *this);
  out += "\nFindings\n";
  const auto lines = findings();
  for (const std::string& line : lines) out += "  " + line + "\n";
  if (lines.empty()) out += "  none\n";
  return out;
}

}  // namespace espgate::replay
