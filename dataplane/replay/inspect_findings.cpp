// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike_names.h"
#include "dataplane/replay/inspect_summary.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using wire::IsakmpExchange;
using Lines = std::vector<std::string>;

constexpr std::size_t listed = 5;  // of ranges, numbers
constexpr std::size_t spis_listed = 16;
constexpr std::uint64_t main_mode_steps = 3;  // messages of each side, RFC 2409 §5

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

// "a, b, c, …" of the first few; `total` may be more than there are examples.
template <typename Range, typename Text>
std::string list(const Range& items, std::uint64_t total, Text text, std::size_t most = listed) {
  std::string out;
  std::size_t shown = 0;
  for (const auto& item : items) {
    if (shown == most) break;
    out += (shown++ == 0 ? "" : ", ") + text(item);
  }
  return total > shown ? out + ", …" : out;
}

void keys(Lines& lines, const InspectionSummary& summary) {
  Lines missing;
  for (const PeerSummary& peer : summary.peers)
    for (const SaSummary& sa : peer.sas)
      if (sa.suite.empty()) missing.push_back(spi_text(sa.sa->spi));
  if (!missing.empty())
    lines.push_back(
        fmt::format("{} no key: {}{}", counted(missing.size(), "SA has", "SAs have"),
                    list(
                        missing, missing.size(), [](const std::string& spi) { return spi; }, spis_listed),
                    summary.keys_given ? "" : "; give a key file with --keys"));
  if (!summary.unused_keys.empty())
    lines.push_back(fmt::format(
        "{} of the key file without a packet here: {}", counted(summary.unused_keys.size(), "SA", "SAs"),
        list(summary.unused_keys, summary.unused_keys.size(), spi_text, spis_listed)));
}

void repeats(Lines& lines, const std::string& who, const SequenceFindings& sequence) {
  const auto text = [](const RepeatedNumber& repeated) {
    return fmt::format("{} (frames {}, {})", repeated.number, repeated.first_frame, repeated.frame);
  };
  if (sequence.duplicates > 0)
    lines.push_back(fmt::format("{} repeats sequence {}: {}", who,
                                list(sequence.first_duplicates, sequence.duplicates, text),
                                counted(sequence.duplicates, "duplicate", "duplicates")));
  if (sequence.reused > 0)
    lines.push_back(
        fmt::format("{} has different packets with the same sequence {}: its sender lost count, or "
                    "two send with one key",
                    who, list(sequence.first_reused, sequence.reused, text)));
}

void order(Lines& lines, const std::string& who, const SequenceFindings& sequence) {
  if (sequence.missing > 0)
    lines.push_back(fmt::format("{} misses {}: {}; lost before the capture, or not captured", who,
                                counted(sequence.missing, "sequence number", "sequence numbers"),
                                list(sequence.first_gaps, sequence.gaps, range_text)));
  if (sequence.out_of_order > 0)
    lines.push_back(fmt::format("{} has {} out of order, up to {} behind the highest", who,
                                counted(sequence.out_of_order, "packet", "packets"),
                                sequence.farthest_behind));
  if (sequence.late > 0)
    lines.push_back(fmt::format("{} has {} far behind, which no replay window accepts: late, or replayed",
                                who, counted(sequence.late, "packet", "packets")));
  if (sequence.strays > 0)
    lines.push_back(
        fmt::format("{} has {} with a sequence number far ahead that nothing follows: damaged or forged", who,
                    counted(sequence.strays, "packet", "packets")));
  if (sequence.restarts > 0)
    lines.push_back(
        fmt::format("{} begins again at a low sequence number ({}): the sender restarted with the old key",
                    who, counted(sequence.restarts, "time", "times")));
  if (sequence.wraps > 0)
    lines.push_back(
        fmt::format("{} wraps past sequence 4294967295, which only extended sequence numbers may", who));
  if (sequence.zeros > 0) lines.push_back(fmt::format("{} uses sequence 0, which no sender may", who));
}

void sas(Lines& lines, const PeerSummary& peer, std::set<std::string>& moves) {
  for (const SaSummary& summary : peer.sas) {
    const EspSa& sa = *summary.sa;
    const std::string who = "SA " + spi_text(sa.spi);
    repeats(lines, who, summary.sequence);
    order(lines, who, summary.sequence);
    if (sa.fragmented > 0)
      lines.push_back(fmt::format("{} has {} in fragments: larger than the path's MTU", who,
                                  counted(sa.fragmented, "packet", "packets")));
    // Both directions move together; once is enough.
    const std::string move = sa.moved_from.to_string() + " to " + sa.moved_to.to_string();
    if (sa.moves > 0 && moves.insert(move).second)
      lines.push_back(fmt::format("{} moved from {} in frame {}: a NAT has changed its mapping", who, move,
                                  sa.first_move_frame));
  }
}

void one_way(Lines& lines, const PeerSummary& peer) {
  const auto from_left = std::ranges::count(peer.sas, true, &SaSummary::from_left);
  if (peer.sas.empty() || (from_left != 0 && static_cast<std::size_t>(from_left) != peer.sas.size())) return;
  const auto& [left, right] = peer.paths.back();
  lines.push_back(fmt::format("ESP goes only one way: {} -> {}", (from_left != 0 ? left : right).to_string(),
                              (from_left != 0 ? right : left).to_string()));
}

// Message 1 was seen, or nothing can be said about those that weren't.
void phase1(Lines& lines, const std::string& who, const IkeExchange& exchange) {
  const std::uint64_t initiator = exchange.distinct(0);
  const std::uint64_t responder = exchange.distinct(1);
  if (exchange.messages[1] == 0) {
    lines.push_back(
        fmt::format("{} has only message 1{}: no answer", who,
                    exchange.messages[0] > 1 ? fmt::format(" ({} times)", exchange.messages[0]) : ""));
  } else if (exchange.type == IsakmpExchange::identity_protection &&
             (initiator < main_mode_steps || responder < main_mode_steps)) {
    lines.push_back(fmt::format("{}: main mode stopped after message {} of 6", who, initiator + responder));
  }
}

void exchange(Lines& lines, const IkeSa& sa, const IkeExchange& exchange) {
  const std::string who = "cookie " + cookie_text(sa.initiator_cookie);
  for (const std::string& notify : exchange.notifies)
    lines.push_back(fmt::format("{}: {} in frame {}", who, notify, exchange.last_frame));
  const bool first = exchange.type == IsakmpExchange::identity_protection ||
                     exchange.type == IsakmpExchange::aggressive ||
                     exchange.type == IsakmpExchange::ike_sa_init;
  const bool refused =
      std::ranges::any_of(sa.exchanges, [](const IkeExchange& other) { return !other.notifies.empty(); });
  if (first && sa.from_its_first_message && !refused) return phase1(lines, who, exchange);
  if (exchange.type != IsakmpExchange::quick_mode || exchange.answered()) return;
  const std::uint64_t messages = exchange.messages[0] + exchange.messages[1];
  lines.push_back(fmt::format("{}: {} has no answer, though its message came {}", who,
                              exchange_text(exchange), counted(messages, "time", "times")));
}

void ike(Lines& lines, const InspectionSummary& summary) {
  for (const PeerSummary& peer : summary.peers)
    for (const IkeSummary& sa : peer.ike)
      for (const IkeExchange& each : sa.sa->exchanges) exchange(lines, *sa.sa, each);
  const IkeLog& log = summary.inspection.ike();
  if (log.damaged() == 0) return;
  lines.push_back(fmt::format("{} damaged: {}", counted(log.damaged(), "IKE message is", "IKE messages are"),
                              list(log.first_damaged(), log.damaged(), [](const DamagedMessage& damaged) {
                                return fmt::format("frame {} ({})", damaged.frame,
                                                   wire::to_string(damaged.error));
                              })));
}

void unprotected(Lines& lines, const InspectionSummary& summary) {
  for (const auto& [flow, l2tp] : summary.inspection.clear_l2tp())
    lines.push_back(fmt::format("{} of L2TP not protected by IPsec, {} -> {}, first in frame {}",
                                counted(l2tp.tally.packets, "packet", "packets"), flow.first.to_string(),
                                flow.second.to_string(), l2tp.first_frame));
}

void leftovers(Lines& lines, const InspectionSummary& summary) {
  const InspectionTotals& totals = summary.inspection.totals();
  if (totals.natt_malformed > 0)
    lines.push_back(fmt::format("{} on port 4500 neither ESP, IKE nor keepalive, first in frame {}",
                                counted(totals.natt_malformed, "datagram is", "datagrams are"),
                                totals.first_natt_malformed_frame));
  if (totals.orphan_fragments > 0)
    lines.push_back(fmt::format("{} without the first of their datagram before them",
                                counted(totals.orphan_fragments, "fragment", "fragments")));
  const std::uint64_t more =
      totals.not_followed + summary.inspection.esp().not_followed() + summary.inspection.ike().not_followed();
  if (more > 0)
    lines.push_back(
        fmt::format("{} of more peers and SAs than this program keeps", counted(more, "packet", "packets")));
}

}  // namespace

std::vector<std::string> InspectionSummary::findings() const {
  Lines lines;
  keys(lines, *this);
  std::set<std::string> moves;
  for (const PeerSummary& peer : peers) {
    sas(lines, peer, moves);
    one_way(lines, peer);
  }
  ike(lines, *this);
  unprotected(lines, *this);
  leftovers(lines, *this);
  return lines;
}

}  // namespace espgate::replay
