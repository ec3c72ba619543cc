// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/json_socket.h"

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

namespace espgate::dataplane::live {

// Where a stream's lines go: one client of the API.
class StreamClient {
 public:
  StreamClient(channel::JsonServer& server, channel::JsonServer::ClientId client)
      : server_(server), client_(client) {}

  // False: it has gone, or does not read; the line is lost.
  bool send(const nlohmann::json& line) { return server_.send(client_, line); }
  [[nodiscard]] bool is_there() const { return server_.is_connected(client_); }
  [[nodiscard]] channel::JsonServer::ClientId id() const { return client_; }

 private:
  channel::JsonServer& server_;
  channel::JsonServer::ClientId client_;
};

// What a client gets line by line behind its answer: a measurement, a trace, a capture. The manager's.
class Stream {
 public:
  virtual ~Stream() = default;
  // Sends what there is. False: it is over, and its last line was sent if the client is still there.
  virtual bool step(std::uint64_t now_nanoseconds) = 0;
  // The client wants no more: the next step() is the last.
  virtual void end() = 0;
  [[nodiscard]] virtual channel::JsonServer::ClientId client() const = 0;
};

}  // namespace espgate::dataplane::live
