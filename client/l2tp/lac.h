// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/failure.h"
#include "control/l2tp/control_channel.h"
#include "control/l2tp/control_message.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace espgate::client::l2tp {

using control::l2tp::TimePoint;

// A control message, to leave inside the SA between udp/1701 of both ends.
struct SendControl {
  std::vector<std::byte> bytes;
};
// The ICCN has left: the server begins with PPP.
struct SessionUp {
  std::uint16_t own_tunnel = 0, own_session = 0;
  std::uint16_t server_tunnel = 0, server_session = 0;
};
// It is over, and nothing more is said.
struct Down {
  Failure failure;
};
using Action = std::variant<SendControl, SessionUp, Down>;

// L2TPv2 (RFC 2661) as LAC: one tunnel with one incoming call in it. Messages and the time in, actions out by
// take_actions(). Delivery is the gateway's own ControlChannel, which has no roles. One thread.
class Lac {
 public:
  struct Environment {
    std::function<void(std::span<std::byte>)> random;
    // When any packet of the server's was authenticated last, so that no HELLO is sent into a talk.
    std::function<TimePoint()> last_heard;
  };
  static constexpr std::chrono::seconds goodbye_time{3};  // for the server to acknowledge the end

  // `hello`: seconds of silence before we ask; 0: never.
  Lac(Environment environment, std::string host_name, std::chrono::seconds hello);

  void start(TimePoint now);
  // A control message that came by an SA.
  void on_message(wire::Bytes bytes, TimePoint now);
  void on_timer(TimePoint now);
  // CDN and StopCCN; is_over() when they are acknowledged, or after goodbye_time.
  void close(std::string_view reason, TimePoint now);

  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] std::vector<Action> take_actions() { return std::exchange(actions_, {}); }
  [[nodiscard]] bool is_over() const { return state_ == State::over; }
  // As the server calls itself, printable.
  [[nodiscard]] const std::string& server_name() const { return server_name_; }

 private:
  enum class State : std::uint8_t { idle, wait_sccrp, wait_icrp, established, closing, over };
  using Builder = wire::L2tpMessageBuilder;
  using Message = control::l2tp::ControlMessage;

  void take(const Message& message, std::uint16_t session);
  void on_sccrp(const Message& message);
  void on_icrp(const Message& message);
  void on_end(const Message& message, bool of_call);
  void refuse(const std::string& what, std::uint16_t error, TimePoint now);
  void flush(TimePoint now);
  void fail(Failure failure);
  [[nodiscard]] std::uint16_t new_id() const;
  [[nodiscard]] TimePoint last_heard() const;

  Environment environment_;
  std::string host_name_;
  std::chrono::seconds hello_;
  State state_ = State::idle;
  SessionUp ids_;
  control::l2tp::ControlChannel channel_;
  std::vector<Action> actions_;
  std::string server_name_;
  std::optional<Failure> refusal_;  // to be told once the goodbye has left
  TimePoint heard_{};
  TimePoint closing_until_{};
};

}  // namespace espgate::client::l2tp
