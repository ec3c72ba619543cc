// SPDX-License-Identifier: Apache-2.0
#include "control/api/dial_answers.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace espgate::control {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

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

Json describe(const Caller& caller, const Line& line) {
  const bool up = line.ppp && line.ppp->is_ip_up();
  Json json = {{"peer_id", caller.peer_id},
               {"tunnel", line.ids.tunnel},
               {"session", line.ids.session},
               {"state", up         ? "connected"
                         : line.ppp ? text(line.ppp->phase())
                                    : "L2TP"}};
  if (!line.link.user.empty()) json["user"] = ppp::printable(line.link.user);
  if (line.address != 0) json["address"] = wire::IpAddress::v4(line.address).to_string();
  if (!line.client_host.empty()) json["client_host"] = line.client_host;
  if (up)
    json["connected_seconds"] =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - line.since).count();
  return json;
}

}  // namespace

Json answer_dial(DialService& service, const Json& request) {
  if (request.at("command") == "hang up") {
    const bool found = service.hang_up(request.at("peer_id").get<std::uint32_t>(),
                                       request.at("session").get<std::uint16_t>(), "ended by the operator");
    if (!found) return {{"ok", false}, {"error", "no such session; \"who\" lists them"}};
    return {{"ok", true}};
  }
  Json lines = Json::array();
  for (const auto& [peer_id, caller] : service.callers())
    for (const auto& [session, line] : caller.lines) lines.push_back(describe(caller, line));
  return {{"lines", std::move(lines)}};
}

}  // namespace espgate::control
