// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/gateway/gateway.h"

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace espgate::control {

// What the API tells of.
class StatusSource {
 public:
  struct Connection {
    unsigned workers;
    std::chrono::seconds since;
  };
  [[nodiscard]] virtual const Gateway& gateway() const = 0;
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
//   {"command": "log level"}                       the level; with "level": "debug", sets it
class Api {
 public:
  // Keeps the last warnings and errors that are logged from now on.
  explicit Api(const StatusSource& source);
  // Throws nlohmann::json::exception for a request of the wrong form.
  [[nodiscard]] nlohmann::json answer(const nlohmann::json& request) const;

 private:
  [[nodiscard]] nlohmann::json status() const;
  [[nodiscard]] nlohmann::json peers(const nlohmann::json& request) const;

  const StatusSource& source_;
};

}  // namespace espgate::control
