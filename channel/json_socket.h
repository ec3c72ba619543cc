// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/error.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace espgate::channel {

// One JSON object a line over a unix socket (0600): {"command": "sa", …} is answered by {"ok": true, …} or
// {"ok": false, "error": "…"}. Spoken by the CLI with the manager and with control.
class JsonServer {
 public:
  // Answers one request; what it throws (nlohmann::json::exception) is answered as an error.
  using Answer = std::function<nlohmann::json(const nlohmann::json& request)>;

  [[nodiscard]] static Expected<std::unique_ptr<JsonServer>> listen(const std::filesystem::path& socket,
                                                                    Answer answer);
  ~JsonServer();

  // An epoll descriptor, readable when step() has something to do. step() never blocks: a client that does
  // not read its answer is dropped once 4 MiB wait for it.
  [[nodiscard]] int descriptor() const;
  void step();

  // The connection whose request is being answered, to send it more lines later; dead ones are ignored.
  using ClientId = std::uint64_t;
  [[nodiscard]] ClientId current_client() const;
  // Whether that connection is still there.
  [[nodiscard]] bool is_connected(ClientId client) const;
  // False: the client is gone, or has more than 4 MiB waiting (this line is then not sent).
  bool send(ClientId client, const nlohmann::json& line);

 private:
  struct State;
  explicit JsonServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The client's side: blocking, for the CLI.
class JsonClient {
 public:
  // Error names the socket and what to start ("no data plane listens on /run/espgate/dataplane-api.sock; …").
  [[nodiscard]] static Expected<JsonClient> connect(const std::filesystem::path& socket);
  JsonClient(JsonClient&& other) noexcept;
  JsonClient& operator=(JsonClient&&) = delete;
  ~JsonClient();

  // Sends a request and reads one line. Error: what went wrong, or the answer's own "error".
  [[nodiscard]] Expected<nlohmann::json> ask(const nlohmann::json& request,
                                             std::chrono::milliseconds patience = std::chrono::seconds(10));
  // Reads one more line.
  [[nodiscard]] Expected<nlohmann::json> next(std::chrono::milliseconds patience);
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  explicit JsonClient(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  std::string buffered_;
};

}  // namespace espgate::channel
