// SPDX-License-Identifier: Apache-2.0
#include "control/api/ike_answers.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::control {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

Json failure(std::string why) { return {{"ok", false}, {"error", std::move(why)}}; }

std::int64_t seconds_since(ike::TimePoint when) {
  return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - when).count();
}

std::string_view text(ike::SaPair::State state) {
  switch (state) {
    case ike::SaPair::State::installing:
      return "installing";
    case ike::SaPair::State::unconfirmed:
      return "unconfirmed";
    case ike::SaPair::State::live:
      return "live";
    case ike::SaPair::State::leaving:
      return "leaving";
  }
  return "";
}

std::string_view text(ike::NatTraversal version) {
  switch (version) {
    case ike::NatTraversal::none:
      return "none";
    case ike::NatTraversal::draft_02_newline:
      return "draft-02\\n";
    case ike::NatTraversal::draft_02:
      return "draft-02";
    case ike::NatTraversal::draft_03:
      return "draft-03";
    case ike::NatTraversal::rfc3947:
      return "RFC 3947";
  }
  return "";
}

Json describe(const ike::IkeSa& sa) {
  return {{"initiator_cookie", fmt::format("{:016x}", sa.cookies.initiator)},
          {"responder_cookie", fmt::format("{:016x}", sa.cookies.responder)},
          {"established", sa.is_established()},
          {"begun_by_us", sa.we_initiated},
          {"suite", sa.suite.to_string()},
          {"nat_traversal", text(sa.kind.nat_traversal)},
          {"udp_encapsulation", sa.udp_encapsulation},
          {"dpd", sa.kind.dpd},
          {"microsoft", sa.kind.microsoft},
          {"racoon", sa.kind.racoon},
          {"age_seconds", seconds_since(sa.created)},
          {"expires_in_seconds", -seconds_since(sa.expires)},
          {"exchanges", sa.exchanges.size()}};
}

Json describe(const ike::SaPair& pair) {
  Json json = {{"state", text(pair.state)},
               {"slot", pair.slot},
               {"spi_in", fmt::format("{:#010x}", pair.spi_in)},
               {"spi_out", fmt::format("{:#010x}", pair.spi_out)},
               {"suite", crypto::suite(pair.offer.suite).name},
               {"esn", pair.offer.esn},
               {"selector", pair.selector},
               {"udp_encapsulation", pair.udp_encapsulation()},
               {"age_seconds", seconds_since(pair.created)},
               {"expires_in_seconds", -seconds_since(pair.expires)}};
  if (pair.offer.group) json["pfs"] = crypto::to_string(*pair.offer.group);
  if (pair.lifetime.kilobytes != 0) json["lifetime_kilobytes"] = pair.lifetime.kilobytes;
  return json;
}

Json describe(const ike::Peer& peer) {
  Json sas = Json::array(), pairs = Json::array();
  for (const auto& sa : peer.ike_sas) sas.push_back(describe(*sa));
  for (const auto& pair : peer.pairs) pairs.push_back(describe(*pair));
  Json json = {
      {"peer_id", peer.id},
      {"identity", peer.identity},
      {"remote", {{"address", peer.path.remote.address.to_string()}, {"port", peer.path.remote.port}}},
      {"age_seconds", seconds_since(peer.created)},
      {"heard_seconds_ago", seconds_since(peer.heard)},
      {"ike_sas", std::move(sas)},
      {"sa_pairs", std::move(pairs)}};
  if (!peer.inner.is_any()) json["inner"] = peer.inner.to_string();
  return json;
}

Json describe(const ike::JournalEntry& entry) {
  Json json = {{"seconds_ago", seconds_since(entry.when)},
               {"remote", {{"address", entry.remote.address.to_string()}, {"port", entry.remote.port}}},
               {"good", entry.good},
               {"exchange", entry.exchange},
               {"text", entry.text},
               {"count", entry.count}};
  if (!entry.user.empty()) json["user"] = entry.user;
  return json;
}

Json list(const ike::Negotiator& negotiator, const Json& request) {
  if (request.contains("peer_id")) {
    const ike::Peer* peer = negotiator.find_peer(request.at("peer_id").get<std::uint32_t>());
    if (peer == nullptr) return failure("no client has this id");
    return {{"client", describe(*peer)}};
  }
  constexpr std::size_t most_rows = 1000;  // an answer has 4 MB at most
  const auto after = request.value("after", std::uint32_t{0});
  std::vector<const ike::Peer*> sorted;
  for (const auto& [id, peer] : negotiator.peers())
    if (id > after) sorted.push_back(peer.get());
  std::ranges::sort(sorted, {}, &ike::Peer::id);
  Json answer = Json::object();
  if (sorted.size() > most_rows) {
    sorted.resize(most_rows);
    answer["next"] = sorted.back()->id;
  }
  Json clients = Json::array();
  for (const ike::Peer* peer : sorted) clients.push_back(describe(*peer));
  answer["clients"] = std::move(clients);
  return answer;
}

Json why(const ike::Negotiator& negotiator, const Json& request) {
  constexpr std::size_t most = 100;
  Json entries = Json::array();
  if (!request.contains("address")) {
    for (const ike::JournalEntry& entry : negotiator.journal().latest(most))
      entries.push_back(describe(entry));
    return {{"negotiations", std::move(entries)}};
  }
  const std::string wanted = request.at("address");
  const auto address = wire::IpAddress::from_string(wanted);
  const auto found = address ? negotiator.journal().of(*address) : negotiator.journal().of_user(wanted);
  for (const ike::JournalEntry& entry : found) entries.push_back(describe(entry));
  return {{"address", wanted}, {"negotiations", std::move(entries)}};
}

}  // namespace

Json answer_ike(IkeService& service, const Json& request) {
  const std::string command = request.at("command");
  if (command == "ike") return list(service.negotiator(), request);
  if (command == "why") return why(service.negotiator(), request);
  const auto id = request.at("peer_id").get<std::uint32_t>();
  if (!service.disconnect(id)) return failure("no client has this id");
  return {{"ok", true}};
}

Json summarise_ike(const IkeService& service) {
  const ike::Negotiator& negotiator = service.negotiator();
  Json refusals = Json::object();
  for (std::size_t i = 0; i < ike::reason_count; ++i) {
    const std::uint64_t count = negotiator.refusals().at(i);
    if (count != 0) refusals[std::string(ike::to_string(ike::Reason{static_cast<std::uint8_t>(i)}))] = count;
  }
  return {{"clients", negotiator.peers().size()},
          {"half_open", negotiator.half_open()},
          {"negotiating", negotiator.negotiating()},
          {"refusals", std::move(refusals)}};
}

}  // namespace espgate::control
