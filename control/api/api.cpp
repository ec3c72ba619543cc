// SPDX-License-Identifier: Apache-2.0
#include "control/api/api.h"

#include "control/api/recent_errors.h"
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

Json log_level(const Json& request) {
  if (request.contains("level")) {
    const std::string wanted = request.at("level");
    const auto level = spdlog::level::from_str(wanted);
    // An unknown name comes back as "off".
    if (level == spdlog::level::off && wanted != "off") {
      return failure("no log level is called \"" + wanted +
                     "\"; levels: trace, debug, info, warning, error, critical, off");
    }
    spdlog::set_level(level);
  }
  const auto name = spdlog::level::to_string_view(spdlog::get_level());
  return {{"level", std::string(name.data(), name.size())}};
}

}  // namespace

Api::Api(const StatusSource& source) : source_(source) { keep_recent_errors(); }

Json Api::answer(const Json& request) const {
  const std::string command = request.at("command");
  if (command == "status") return status();
  if (command == "peer") return peers(request);
  if (command == "log level") return log_level(request);
  return failure("no command is called \"" + command + "\"; commands: status, peer, log level");
}

Json Api::status() const {
  const Gateway& gateway = source_.gateway();
  const auto connection = source_.connection();
  const auto installed =
      std::ranges::count_if(gateway.peers(), [](const auto& peer) { return peer->is_installed(); });
  Json dataplane = {{"connected", connection.has_value()}};
  if (connection) {
    dataplane["seconds"] = connection->since.count();
    dataplane["workers"] = connection->workers;
    dataplane["reconciled"] = gateway.is_reconciled();
    dataplane["pending_commands"] = gateway.pending_commands();
  } else if (!source_.last_connect_error().empty()) {
    dataplane["error"] = source_.last_connect_error();
  }
  return {{"version", ESPGATE_VERSION},
          {"pid", ::getpid()},
          {"uptime_seconds", source_.uptime().count()},
          {"dataplane", std::move(dataplane)},
          {"peers", {{"wanted", gateway.peers().size()}, {"installed", installed}}},
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
  if (one) return failure("no peer is called \"" + name + "\"");
  return {{"peers", std::move(all)}};
}

}  // namespace espgate::control
