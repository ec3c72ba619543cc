// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "channel/json_socket.h"
#include "config/config.h"
#include "control/api/api.h"
#include "control/event_loop.h"
#include "control/gateway/gateway.h"
#include "control/state/state_segment.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace espgate::control {

// espgate-control: one thread, one loop. Connects to the data plane and again whenever it has gone, lets the
// gateway do the rest, writes the state for the next control process, and serves the JSON socket.
class ControlProcess final : public StatusSource {
 public:
  // Opens the sequence file and the JSON socket. Error: they can't be, or another control process runs.
  [[nodiscard]] static Expected<std::unique_ptr<ControlProcess>> create(const config::Config& config);
  ~ControlProcess();

  // Until stop(), which a signal's callback may call.
  void run();
  void stop() { stopping_ = true; }
  [[nodiscard]] EventLoop& loop() { return loop_; }

 private:
  ControlProcess(const config::Config& config, EventLoop loop, Sequences sequences);
  [[nodiscard]] static Expected<Sequences> open_sequences(const config::Config& config);
  [[nodiscard]] Expected<void> start_api();

  void try_to_connect();
  void take_over(std::unique_ptr<channel::ControlEnd> dataplane);
  void step_dataplane();
  void lose_dataplane();
  void save_state();
  [[nodiscard]] bool write_state(const std::vector<std::byte>& blob);

  [[nodiscard]] const Gateway& gateway() const override { return gateway_; }
  [[nodiscard]] std::optional<Connection> connection() const override;
  [[nodiscard]] const std::string& last_connect_error() const override { return connect_error_; }
  [[nodiscard]] std::chrono::seconds uptime() const override;

  using Clock = std::chrono::steady_clock;

  std::filesystem::path runtime_directory_;
  EventLoop loop_;
  Gateway gateway_;
  Api api_{*this};
  std::unique_ptr<channel::JsonServer> json_server_;
  Timer tick_, retry_;
  std::unique_ptr<channel::ControlEnd> dataplane_;
  std::optional<StateSegment> state_;
  bool handed_over_ = false;  // to the data plane that is connected
  std::string connect_error_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point connected_since_;
  bool stopping_ = false;
};

}  // namespace espgate::control
