// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "channel/json_socket.h"
#include "config/config.h"
#include "control/api/api.h"
#include "control/dial/dial_in.h"
#include "control/event_log.h"
#include "control/event_loop.h"
#include "control/gateway/gateway.h"
#include "control/ike_service.h"
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
  // `save_keys`: a folder for the keys of IKE and ESP, in labs only; empty: none.
  [[nodiscard]] static Expected<std::unique_ptr<ControlProcess>> create(
      const config::Config& config, const std::filesystem::path& save_keys = {});
  ~ControlProcess();

  // Until stop(), which a signal's callback may call.
  void run();
  void stop() { stopping_ = true; }
  // The file of users again, and the debug log where it is now; what is wrong is logged. The rest of the
  // configuration is what it was at the start.
  void reload();
  // Whether a data plane is connected and has what it should.
  [[nodiscard]] bool is_ready() const { return dataplane_ && gateway_.is_reconciled(); }
  // How it is, in a line for people.
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] EventLoop& loop() { return loop_; }

 private:
  ControlProcess(const config::Config& config, EventLoop loop, Sequences sequences,
                 const std::filesystem::path& save_keys);
  [[nodiscard]] static Expected<Sequences> open_sequences(const config::Config& config);
  [[nodiscard]] Expected<void> start_api();

  void try_to_connect();
  void take_over(std::unique_ptr<channel::ControlEnd> dataplane);
  void step_dataplane();
  void lose_dataplane();
  void save_state();
  void save_record(std::uint64_t id, const std::span<const std::byte>* record);
  [[nodiscard]] bool make_room(std::size_t record_bytes);
  void hand_over();
  void read_predecessor(int descriptor, std::optional<GatewayState>& gateway_state);

  [[nodiscard]] const Gateway& gateway() const override { return gateway_; }
  [[nodiscard]] IkeService* ike() override { return ike_.get(); }
  [[nodiscard]] EventLog& event_log() override { return event_log_; }
  [[nodiscard]] DialIn* dial() override { return dial_in_.get(); }
  [[nodiscard]] std::optional<Connection> connection() const override;
  [[nodiscard]] const std::string& last_connect_error() const override { return connect_error_; }
  [[nodiscard]] std::chrono::seconds uptime() const override;

  using Clock = std::chrono::steady_clock;

  std::filesystem::path runtime_directory_;
  EventLoop loop_;
  Gateway gateway_;
  Api api_{*this};  // before the event log, which takes the log's sinks over
  EventLog event_log_;
  std::unique_ptr<IkeService> ike_;  // null: no pre-shared key is configured
  std::unique_ptr<DialIn> dial_in_;  // null: no users, or no IKE
  std::unique_ptr<channel::JsonServer> json_server_;
  Timer tick_, retry_, ike_tick_;
  std::unique_ptr<channel::ControlEnd> dataplane_;
  std::optional<StateSegment> state_;
  bool had_predecessor_ = false;
  bool handed_over_ = false;  // to the data plane that is connected
  std::string connect_error_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point connected_since_;
  bool stopping_ = false;
};

}  // namespace espgate::control
