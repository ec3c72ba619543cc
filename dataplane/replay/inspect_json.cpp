// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike_names.h"
#include "dataplane/replay/inspect_summary.h"

#include <nlohmann/json.hpp>

namespace espgate::replay {
namespace {

using Json = nlohmann::ordered_json;

Json repeated_json(const std::vector<RepeatedNumber>& repeated) {
  Json list = Json::array();
  for (const RepeatedNumber& each : repeated)
    list.push_back({{"sequence", each.number}, {"frames", {each.first_frame, each.frame}}});
  return list;
}

Json gaps_json(const std::vector<NumberRange>& gaps) {
  Json list = Json::array();
  for (const NumberRange& gap : gaps) list.push_back(Json::array({gap.first, gap.last}));
  return list;
}

Json sequence_json(const SequenceFindings& sequence) {
  return {{"first", sequence.first},
          {"last", sequence.last},
          {"missing", sequence.missing},
          {"gaps", sequence.gaps},
          {"first_gaps", gaps_json(sequence.first_gaps)},
          {"duplicates", sequence.duplicates},
          {"first_duplicates", repeated_json(sequence.first_duplicates)},
          {"reused", sequence.reused},
          {"first_reused", repeated_json(sequence.first_reused)},
          {"out_of_order", sequence.out_of_order},
          {"farthest_behind", sequence.farthest_behind},
          {"late", sequence.late},
          {"strays", sequence.strays},
          {"wraps", sequence.wraps},
          {"restarts", sequence.restarts},
          {"zeros", sequence.zeros}};
}

Json sa_json(const InspectionSummary& summary, const SaSummary& each) {
  const EspSa& sa = *each.sa;
  return {{"spi", spi_text(sa.spi)},
          {"source", sa.source.to_string()},
          {"destination", sa.destination.to_string()},
          {"from_left", each.from_left},
          {"udp_encapsulation", sa.in_udp},
          {"suite", each.suite.empty() ? Json() : Json(each.suite)},
          {"packets", sa.tally.packets},
          {"bytes", sa.tally.bytes},
          {"first_seconds", summary.seconds(sa.first_nanoseconds)},
          {"last_seconds", summary.seconds(sa.last_nanoseconds)},
          {"fragmented", sa.fragmented},
          {"later_fragments", sa.later_fragments},
          {"moves", sa.moves},
          {"sequence", sequence_json(each.sequence)}};
}

Json exchange_json(const IkeExchange& exchange) {
  return {{"exchange", exchange_name(exchange.type)},
          {"message_id", spi_text(exchange.message_id)},
          {"from_initiator", exchange.messages[0]},
          {"from_responder", exchange.messages[1]},
          {"retransmitted", {exchange.retransmissions[0], exchange.retransmissions[1]}},
          {"encrypted", exchange.encrypted},
          {"first_frame", exchange.first_frame},
          {"last_frame", exchange.last_frame},
          {"notifications", exchange.notifies}};
}

Json ike_json(const IkeSummary& summary) {
  const IkeSa& sa = *summary.sa;
  Json exchanges = Json::array();
  for (const IkeExchange& exchange : sa.exchanges) exchanges.push_back(exchange_json(exchange));
  return {{"initiator_cookie", cookie_text(sa.initiator_cookie)},
          {"responder_cookie", cookie_text(sa.responder_cookie)},
          {"version", sa.version},
          {"initiator", sa.initiator.to_string()},
          {"responder", sa.responder.to_string()},
          {"from_left", summary.from_left},
          {"from_its_first_message", sa.from_its_first_message},
          {"offered", sa.offered},
          {"chosen", sa.chosen},
          {"initiator_vendor_ids", sa.vendors[0]},
          {"responder_vendor_ids", sa.vendors[1]},
          {"exchanges", std::move(exchanges)},
          {"messages_of_more_exchanges", sa.uncounted_messages}};
}

Json peer_json(const InspectionSummary& summary, const PeerSummary& peer) {
  Json paths = Json::array();
  for (const auto& [left, right] : peer.paths)
    paths.push_back(Json::array({left.to_string(), right.to_string()}));
  Json ike = Json::array();
  for (const IkeSummary& sa : peer.ike) ike.push_back(ike_json(sa));
  Json sas = Json::array();
  for (const SaSummary& sa : peer.sas) sas.push_back(sa_json(summary, sa));
  return {{"peer", peer.number},
          {"paths", std::move(paths)},
          {"keepalives", {peer.keepalives[0], peer.keepalives[1]}},
          {"ike", std::move(ike)},
          {"sas", std::move(sas)}};
}

Json clear_json(const Inspection& inspection) {
  Json flows = Json::array();
  for (const auto& [flow, l2tp] : inspection.clear_l2tp())
    flows.push_back({{"source", flow.first.to_string()},
                     {"destination", flow.second.to_string()},
                     {"packets", l2tp.tally.packets},
                     {"bytes", l2tp.tally.bytes},
                     {"first_frame", l2tp.first_frame}});
  return flows;
}

Json other_json(const Inspection& inspection) {
  Json protocols = Json::object();
  for (const auto& [name, tally] : inspection.other())
    protocols[name] = {{"packets", tally.packets}, {"bytes", tally.bytes}};
  return protocols;
}

Json unused_json(const InspectionSummary& summary) {
  Json spis = Json::array();
  for (const std::uint32_t spi : summary.unused_keys) spis.push_back(spi_text(spi));
  return spis;
}

}  // namespace

std::string InspectionSummary::json() const {
  const InspectionTotals& totals = inspection.totals();
  Json listed = Json::array();
  for (const PeerSummary& peer : peers) listed.push_back(peer_json(*this, peer));
  const Json object = {{"frames", totals.frames},
                       {"first_nanoseconds", totals.first_nanoseconds},
                       {"seconds", seconds(totals.last_nanoseconds)},
                       {"cut", totals.cut},
                       {"esp", inspection.esp().packets()},
                       {"ike", inspection.ike().messages()},
                       {"ike_damaged", inspection.ike().damaged()},
                       {"keepalives", totals.keepalives},
                       {"natt_malformed", totals.natt_malformed},
                       {"clear_l2tp", clear_l2tp_packets()},
                       {"later_fragments", totals.later_fragments},
                       {"orphan_fragments", totals.orphan_fragments},
                       {"other", other_packets()},
                       {"peers", std::move(listed)},
                       {"clear_l2tp_flows", clear_json(inspection)},
                       {"other_protocols", other_json(inspection)},
                       {"unused_keys", unused_json(*this)},
                       {"findings", findings()}};
  return object.dump(2) + "\n";
}

}  // namespace espgate::replay
