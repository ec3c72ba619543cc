// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/gateway/gateway.h"

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace espgate::control {

class DialIn;
class EventLog;
class IkeService;

// What the API tells of.
class StatusSource {
 public:
  struct Connection {
    unsigned workers;
    std::chrono::seconds since;
  };
  [[nodiscard]] virtual const Gateway& gateway() const = 0;
  [[nodiscard]] virtual IkeService* ike() = 0;  // null: there is no [ike]
  [[nodiscard]] virtual EventLog& event_log() = 0;
  [[nodiscard]] virtual DialIn* dial() = 0;                                // null: nobody can dial in
  [[nodiscard]] virtual std::optional<Connection> connection() const = 0;  // to the data plane
  [[nodiscard]] virtual const std::string& last_connect_error() const = 0;
  [[nodiscard]] virtual std::chrono::seconds uptime() const = 0;

 protected:
  ~StatusSource() = default;
};

// Answers the requests on <runtime_directory>/control.sock. Never says a key.
//   {"command": "status"}                          uptime, connection, peers wanted and installed, last
//   errors
//   {"command": "peer", "peer_id": 3}              one peer; with "name" instead, that one; with neither, all
//   {"command": "ike"}                             IKE SAs and SA pairs of all clients; with "peer_id", of
//   one
//   {"command": "ike down", "peer_id": 65536}      deletes a client's SAs
//   {"command": "why", "address": "198.51.100.2"}  the last negotiations with it, or a user's name; without,
//   the
//                                                  newest of each
//   {"command": "who"}                             users who are connected or about to be. This and "ike"
//   come
//                                                  in pages: while there is "next", ask again with it as
//                                                  "after"
//   {"command": "hang up", "peer_id": 65536, "session": 7}   ends one of them
//   {"command": "drain"}                           whether new clients are refused, and how many are there;
//   with
//                                                  "on": true or false, from now on
//   {"command": "reload users"}                    reads users.file again, and tells what is wrong in it
//   {"command": "log level"}                       the levels; with "level": "debug", sets the process's;
//   also
//                                                  with "area": "ike", or "client": "198.51.100.2", that
//                                                  one's; "level": "default" takes it back
class Api {
 public:
  // Keeps the last warnings and errors that are logged from now on.
  explicit Api(StatusSource& source);
  // Throws nlohmann::json::exception for a request of the wrong form.
  [[nodiscard]] nlohmann::json answer(const nlohmann::json& request);

 private:
  [[nodiscard]] nlohmann::json status();
  [[nodiscard]] nlohmann::json peers(const nlohmann::json& request) const;

  StatusSource& source_;
};

}  // namespace espgate::control
