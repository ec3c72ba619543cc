// SPDX-License-Identifier: Apache-2.0
#include "control/api/dial_answers.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::control {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::string_view xl2tpd_vendor = "xelerance.com";  // as it calls itself in its SCCRQ

std::string_view text(ppp::PppSession::Phase phase) {
  switch (phase) {
    case ppp::PppSession::Phase::dead:
      return "dead";
    case ppp::PppSession::Phase::establish:
      return "LCP";
    case ppp::PppSession::Phase::authenticate:
      return "authentication";
    case ppp::PppSession::Phase::address:
      return "address";
    case ppp::PppSession::Phase::network:
      return "IPCP";
    case ppp::PppSession::Phase::terminate:
      return "ending";
    case ppp::PppSession::Phase::down:
      return "down";
  }
  return "";
}

std::int64_t seconds_since(ppp::TimePoint when) {
  return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - when).count();
}

// What carries the line: where the client is, and its SAs.
void add_peer(Json& json, const ike::Peer& peer, const Caller& caller, const Line& line) {
  const ike::IkeSa* ike = peer.ike_sa();
  std::string kind(ike == nullptr ? std::string_view() : ike->kind.guess());
  const auto tunnel = caller.lns->tunnels().find(line.ids.tunnel);
  if (kind.empty() && tunnel != caller.lns->tunnels().end())
    kind = tunnel->second.vendor_name == xl2tpd_vendor ? "xl2tpd" : tunnel->second.vendor_name;
  json["remote"] = {{"address", peer.path.remote.address.to_string()}, {"port", peer.path.remote.port}};
  json["identity"] = peer.identity;
  if (!kind.empty()) json["client_kind"] = kind;
  if (!peer.inner.is_any() && peer.inner != peer.path.remote.address)
    json["behind_nat"] = peer.inner.to_string();
  const ike::SaPair* pair = peer.live_pair();
  if (pair == nullptr) return;
  json["suite"] = crypto::suite(pair->offer.suite).name;
  json["spi_in"] = fmt::format("{:#010x}", pair->spi_in);
  json["spi_out"] = fmt::format("{:#010x}", pair->spi_out);
}

void add_connection(Json& json, DialService& service, const Caller& caller, const Line& line) {
  const auto connected = seconds_since(line.since);
  const Traffic traffic = service.traffic_of(caller.peer_id, line);
  const config::UserTerms& terms = line.admission.terms;
  json["connected_seconds"] = connected;
  json["connected_since"] =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count() -
      connected;
  json["mru"] = line.link.mru;
  json["traffic"] = {{"packets_in", traffic.packets_in},
                     {"bytes_in", traffic.bytes_in},
                     {"packets_out", traffic.packets_out},
                     {"bytes_out", traffic.bytes_out}};
  json["limits"] = {{"session_seconds", terms.session_limit_seconds},
                    {"idle_seconds", terms.idle_limit_seconds},
                    {"rate_from_client_kbit", terms.rate_from_client_kbit},
                    {"rate_to_client_kbit", terms.rate_to_client_kbit}};
}

Json describe(DialService& service, const Caller& caller, const Line& line) {
  const bool up = line.ppp && line.ppp->is_ip_up();
  Json json = {{"peer_id", caller.peer_id},
               {"tunnel", line.ids.tunnel},
               {"session", line.ids.session},
               {"peer_tunnel", line.ids.peer_tunnel},
               {"peer_session", line.ids.peer_session},
               {"heard_seconds_ago", seconds_since(service.heard(caller.peer_id))},
               {"state", up         ? "connected"
                         : line.ppp ? text(line.ppp->phase())
                                    : "L2TP"}};
  if (!line.link.user.empty()) json["user"] = ppp::printable(line.link.user);
  if (line.address != 0) json["address"] = wire::IpAddress::v4(line.address).to_string();
  if (!line.client_host.empty()) json["client_host"] = line.client_host;
  if (const ike::Peer* peer = service.peer_of(caller)) add_peer(json, *peer, caller, line);
  if (up) add_connection(json, service, caller, line);
  return json;
}

// A page of all lines, by the id of their client.
Json who(DialService& service, const Json& request) {
  constexpr std::size_t most_rows = 1000;  // an answer has 4 MB at most
  const auto after = request.value("after", std::uint32_t{0});
  std::vector<std::uint32_t> ids;
  for (const auto& [peer_id, caller] : service.callers())
    if (peer_id > after) ids.push_back(peer_id);
  std::ranges::sort(ids);
  Json answer = Json::object();
  Json lines = Json::array();
  std::uint32_t last = after;
  for (const std::uint32_t id : ids) {
    if (lines.size() >= most_rows) {
      answer["next"] = last;
      break;
    }
    last = id;
    const Caller& caller = service.callers().at(id);
    for (const auto& [session, line] : caller.lines) lines.push_back(describe(service, caller, line));
  }
  answer["lines"] = std::move(lines);
  return answer;
}

std::size_t connected(const DialService& service) {
  std::size_t count = 0;
  for (const auto& [peer_id, caller] : service.callers()) count += caller.lines.size();
  return count;
}

Json drain(DialService& service, const Json& request) {
  if (request.contains("on")) service.set_draining(request.at("on").get<bool>());
  return {{"draining", service.is_draining()}, {"sessions", connected(service)}};
}

Json reload_users(DialIn& dial_in) {
  if (const auto loaded = dial_in.reload_users(); !loaded) return {{"ok", false}, {"error", loaded.error()}};
  return {{"users", dial_in.users().users()->size()},
          {"file", dial_in.users().path().string()},
          {"problems", dial_in.users().problems()}};
}

}  // namespace

Json answer_dial(DialIn& dial_in, const Json& request) {
  DialService& service = dial_in.service();
  const std::string command = request.at("command");
  if (command == "drain") return drain(service, request);
  if (command == "reload users") return reload_users(dial_in);
  if (command == "hang up") {
    const bool found = service.hang_up(request.at("peer_id").get<std::uint32_t>(),
                                       request.at("session").get<std::uint16_t>(), "ended by the operator");
    if (!found) return {{"ok", false}, {"error", "no such session; \"who\" lists them"}};
    return {{"ok", true}};
  }
  return who(service, request);
}

}  // namespace espgate::control
