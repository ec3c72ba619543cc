// SPDX-License-Identifier: Apache-2.0
#include "control/api/api.h"

#include "control/api/dial_answers.h"
#include "control/api/ike_answers.h"
#include "control/api/recent_errors.h"
#include "control/event_log.h"
#include "control/ike_service.h"
#include "wire/ip_address.h"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using Json = nlohmann::json;

Json failure(std::string why) { return {{"ok", false}, {"error", std::move(why)}}; }

std::string_view text(Installed installed) {
  switch (installed) {
    case Installed::no:
      return "no";
    case Installed::pending:
      return "pending";
    case Installed::yes:
      return "yes";
  }
  return "";
}

Json describe(const WantedSa& sa) {
  const bool inbound = sa.add.direction == channel::Direction::inbound;
  Json json = {{"direction", inbound ? "inbound" : "outbound"},
               {"spi", sa.add.spi},
               {"slot", sa.add.slot},
               {"suite", sa.add.suite.data()},
               {"esn", sa.add.esn},
               {"installed", text(sa.installed)}};
  if (sa.live) json[inbound ? "highest_sequence" : "next_sequence"] = *sa.live;
  if (!inbound && sa.last_pushed != 0) json["last_sequence"] = sa.last_pushed;
  return json;
}

Json describe(const WantedSession& session) {
  const channel::SessionUpdate& update = session.update;
  return {{"tunnel", update.tunnel},
          {"session", update.session},
          {"peer_tunnel", update.peer_tunnel},
          {"peer_session", update.peer_session},
          {"mru", update.mru},
          {"inner_address", wire::IpAddress(update.inner).to_string()},
          {"open", update.open},
          {"installed", text(session.installed)}};
}

Json describe(const Peer& peer) {
  Json sas = Json::array(), sessions = Json::array();
  for (const auto& sa : peer.sas) sas.push_back(describe(*sa));
  for (const WantedSession& session : peer.sessions) sessions.push_back(describe(session));
  Json json = {{"name", peer.name},
               {"peer_id", peer.id()},
               {"installed", peer.is_installed()},
               {"sas", std::move(sas)},
               {"sessions", std::move(sessions)}};
  if (peer.update.remote_port != 0) {
    json["remote"] = {{"address", wire::IpAddress(peer.update.remote).to_string()},
                      {"port", peer.update.remote_port}};
  }
  if (!peer.problem.empty()) json["problem"] = peer.problem;
  return json;
}

std::string name_of(spdlog::level::level_enum level) {
  const auto name = spdlog::level::to_string_view(level);
  return {name.data(), name.size()};
}

Json log_levels(const EventLog& log) {
  Json json = {
      {"level", name_of(spdlog::get_level())}, {"areas", Json::object()}, {"clients", Json::object()}};
  for (const auto& [area, level] : log.area_levels())
    json["areas"][std::string(to_string(area))] = name_of(level);
  for (const auto& [client, level] : log.client_levels())
    json["clients"][client.to_string()] = name_of(level);
  return json;
}

Json log_level(const Json& request, EventLog& log) {
  if (!request.contains("level")) return log_levels(log);
  const std::string wanted = request.at("level");
  const auto level = spdlog::level::from_str(wanted);
  const bool one = request.contains("area") || request.contains("client");
  const bool back = one && wanted == "default";
  // An unknown name comes back as "off".
  if (level == spdlog::level::off && wanted != "off" && !back) {
    return failure("no log level is called \"" + wanted +
                   "\"; levels: trace, debug, info, warning, error, critical, off" +
                   (one ? ", default" : ""));
  }
  const auto chosen = back ? std::nullopt : std::optional(level);
  if (request.contains("area")) {
    const std::string name = request.at("area");
    const auto area = find_area(name);
    if (!area) return failure("no area is called \"" + name + "\"; areas: ike, l2tp, ppp");
    log.set_level(*area, chosen);
  } else if (request.contains("client")) {
    const std::string text = request.at("client");
    const auto address = wire::IpAddress::from_string(text);
    if (!address) return failure("\"" + text + "\" is no address");
    log.set_level(*address, chosen);
  } else {
    spdlog::set_level(level);
  }
  return log_levels(log);
}

}  // namespace

Api::Api(StatusSource& source) : source_(source) { keep_recent_errors(); }

Json Api::answer(const Json& request) {
  const std::string command = request.at("command");
  if (command == "status") return status();
  if (command == "peer") return peers(request);
  if (command == "log level") return log_level(request, source_.event_log());
  if (command == "ike" || command == "ike down" || command == "why") {
    if (source_.ike() == nullptr)
      return failure("this gateway has no [ike]: clients can't dial in; add [[ike.psk]]");
    return answer_ike(*source_.ike(), request);
  }
  if (command == "who" || command == "hang up" || command == "drain" || command == "reload users") {
    if (source_.dial() == nullptr)
      return failure("this gateway has no users: clients can't dial in; set users.file");
    return answer_dial(*source_.dial(), request);
  }
  return failure(
      "no command is called \"" + command +
      "\"; commands: status, peer, ike, ike down, why, who, hang up, drain, reload users, log level");
}

Json Api::status() {
  const Gateway& gateway = source_.gateway();
  const auto connection = source_.connection();
  auto installed =
      std::ranges::count_if(gateway.peers(), [](const auto& peer) { return peer->is_installed(); });
  installed += std::ranges::count_if(gateway.dialled(),
                                     [](const auto& entry) { return entry.second->is_installed(); });
  Json dataplane = {{"connected", connection.has_value()}};
  if (connection) {
    dataplane["seconds"] = connection->since.count();
    dataplane["workers"] = connection->workers;
    dataplane["reconciled"] = gateway.is_reconciled();
    dataplane["pending_commands"] = gateway.pending_commands();
  } else if (!source_.last_connect_error().empty()) {
    dataplane["error"] = source_.last_connect_error();
  }
  Json ike;  // null: there is none
  if (source_.ike() != nullptr) ike = summarise_ike(*source_.ike());
  Json draining;  // null: nobody can dial in
  if (source_.dial() != nullptr) draining = source_.dial()->service().is_draining();
  return {
      {"version", ESPGATE_VERSION},
      {"draining", std::move(draining)},
      {"pid", ::getpid()},
      {"uptime_seconds", source_.uptime().count()},
      {"dataplane", std::move(dataplane)},
      {"ike", std::move(ike)},
      {"peers", {{"wanted", gateway.peers().size() + gateway.dialled().size()}, {"installed", installed}}},
      {"last_errors", recent_errors()}};
}

Json Api::peers(const Json& request) const {
  const Gateway& gateway = source_.gateway();
  if (request.contains("peer_id")) {
    const Peer* peer = gateway.find_peer(request.at("peer_id").get<std::uint32_t>());
    if (peer == nullptr) return failure("no peer has this id");
    return {{"peer", describe(*peer)}};
  }
  const bool one = request.contains("name");
  const std::string name = one ? request.at("name").get<std::string>() : std::string();
  Json all = Json::array();
  for (const auto& peer : gateway.peers()) {
    if (one && peer->name == name) return {{"peer", describe(*peer)}};
    if (!one) all.push_back(describe(*peer));
  }
  for (const auto& [id, peer] : gateway.dialled()) {
    if (one && peer->name == name) return {{"peer", describe(*peer)}};
    if (!one) all.push_back(describe(*peer));
  }
  if (one) return failure("no peer is called \"" + name + "\"");
  return {{"peers", std::move(all)}};
}

}  // namespace espgate::control
