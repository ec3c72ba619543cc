// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "channel/json_socket.h"
#include "dataplane/live/api_answers.h"
#include "dataplane/live/observers.h"
#include "dataplane/live/stream.h"

#include <cstdint>
#include <memory>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace espgate::dataplane::live {

class Manager;

// What the manager answers to people and programs: one JSON object a request, {"command": "sa"}. On the
// manager's thread; reads what workers count and changes nothing they use. perf, trace and capture go on
// behind their answer: the client gets lines until one says {"end": …}, or until it asks for the end itself
// or hangs up.
class Api {
 public:
  explicit Api(Manager& manager);
  ~Api();

  // Throws nlohmann::json::exception where a request's members have the wrong type; the server answers that
  // as an error.
  [[nodiscard]] nlohmann::json answer(const nlohmann::json& request);
  // The server that answers go by, for those that take longer than one line. Must outlive this.
  void use(channel::JsonServer& server) { server_ = &server; }
  // Readable when step() should be called: a few milliseconds apart while there are streams.
  [[nodiscard]] int descriptor() const { return clock_.get(); }
  void step();
  // Several times a second.
  void tick();

 private:
  [[nodiscard]] nlohmann::json start_stream(const std::string& command, const nlohmann::json& request);
  [[nodiscard]] nlohmann::json end_streams();
  void set_clock(bool running);

  Manager& manager_;
  channel::JsonServer* server_ = nullptr;
  channel::Descriptor clock_;
  WorkerActivity activity_;
  Observers observers_;
  StageTiming timing_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace espgate::dataplane::live
