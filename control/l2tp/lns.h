// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/l2tp/actions.h"
#include "control/l2tp/control_message.h"
#include "control/l2tp/settings.h"
#include "control/l2tp/tunnel.h"
#include "control/state/encoding.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::control::l2tp {

// L2TPv2 (RFC 2661) as LNS with one peer: its tunnels and sessions. Messages and the time in, actions out by
// take_actions(). Opens no socket, reads no clock, starts no thread. One thread.
//
// Only incoming calls are taken. Before a SendControl leaves, encode() is to be saved, so that a process that
// comes after this one knows all that was promised.
class Lns {
 public:
  struct Environment {
    std::function<void(std::span<std::byte>)> random;
    // When any packet of the peer was authenticated last, so that no HELLO is sent to one that talks. May be
    // empty.
    std::function<TimePoint()> last_heard;
  };
  // `settings` outlives this.
  Lns(const Settings& settings, Environment environment);

  // An L2TP control message that came by the SA pair `slot` from UDP port `source_port`.
  void on_message(std::uint32_t slot, std::uint16_t source_port, wire::Bytes bytes, TimePoint now);
  // The answer to SessionStarting. An id that is gone is none of ours any more.
  void on_session_installed(std::uint16_t session, bool installed, TimePoint now);
  // When next_due() has come.
  void on_timer(TimePoint now);

  // Ends one session by a CDN, for instance because PPP has ended. False: there is none.
  bool close_session(std::uint16_t session, std::string_view reason, TimePoint now);
  // Ends all by StopCCN. The core is done() when the client has acknowledged, or gave no answer.
  void close(std::string_view reason, TimePoint now);
  // The peer's SAs are gone, so that nothing can be said to it: all ends here.
  void abandon(std::string_view reason);

  // Nullopt: nothing to wait for.
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] bool done() const { return tunnels_.empty(); }
  // In the order in which they are to be done.
  [[nodiscard]] std::vector<Action> take_actions() { return std::exchange(actions_, {}); }

  // By our id.
  [[nodiscard]] const std::map<std::uint16_t, Tunnel>& tunnels() const { return tunnels_; }
  // Null: there is none. `tunnel` may be null.
  [[nodiscard]] const Session* find_session(std::uint16_t session, const Tunnel** tunnel = nullptr) const;
  [[nodiscard]] std::size_t session_count() const;

  // Everything, for the next process. What was being installed is installed anew: after decode(), actions
  // hold a SessionStarting for each.
  void encode(SecretEncoder& out) const;
  // Null: of another version, or damaged.
  [[nodiscard]] static std::unique_ptr<Lns> decode(Decoder& in, const Settings& settings,
                                                   Environment environment);

 private:
  using Builder = wire::L2tpMessageBuilder;
  // A full cycle of retransmissions, for which a stopped tunnel's id stays known (§5.7).
  static constexpr std::chrono::seconds closing_time{31};

  // lns.cpp
  [[nodiscard]] Tunnel* find_tunnel(std::uint16_t id);
  [[nodiscard]] Tunnel* find_tunnel_of(std::uint16_t peer_id);
  [[nodiscard]] std::uint16_t new_id(bool of_session);
  void on_tunnel_message(Tunnel& tunnel, const wire::L2tpHeader& header, TimePoint now);
  void take(Tunnel& tunnel, const ControlChannel::Received& received, TimePoint now);
  void flush(Tunnel& tunnel, TimePoint now);
  void remove_closed(TimePoint now);
  void report(Level level, std::string text) { actions_.emplace_back(Report{level, std::move(text)}); }

  // lns_tunnels.cpp
  void on_first(std::uint32_t slot, std::uint16_t source_port, const wire::L2tpHeader& header, TimePoint now);
  void on_sccrq(std::uint32_t slot, std::uint16_t source_port, const wire::L2tpHeader& header,
                const ControlMessage& message, TimePoint now);
  void refuse_sccrq(std::uint32_t slot, std::uint16_t source_port, const wire::L2tpHeader& header,
                    const ControlMessage& message, StopResult result, std::uint16_t error,
                    std::string_view text);
  void send_sccrp(Tunnel& tunnel, wire::Bytes challenge);
  void on_scccn(Tunnel& tunnel, const ControlMessage& message, TimePoint now);
  void on_stopccn(Tunnel& tunnel, const ControlMessage& message, TimePoint now);
  void stop(Tunnel& tunnel, StopResult result, ErrorCode error, std::string_view reason, TimePoint now);
  void end(Tunnel& tunnel, std::string_view reason, TimePoint now);

  // lns_sessions.cpp
  void take_of_session(Tunnel& tunnel, const ControlMessage& message, std::uint16_t session, TimePoint now);
  void on_icrq(Tunnel& tunnel, const ControlMessage& message, TimePoint now);
  void on_iccn(Tunnel& tunnel, Session& session, const ControlMessage& message, TimePoint now);
  void on_cdn(Tunnel& tunnel, const ControlMessage& message, std::uint16_t session, TimePoint now);
  void disconnect(Tunnel& tunnel, Session& session, CallResult result, ErrorCode error,
                  std::string_view reason, TimePoint now);
  void refuse_call(Tunnel& tunnel, std::uint16_t peer_session, CallResult result, ErrorCode error,
                   std::string_view reason);
  void remove(Tunnel& tunnel, const Session& session, std::string reason, TimePoint now);
  void start(const Tunnel& tunnel, const Session& session);

  // lns_timers.cpp
  void service(Tunnel& tunnel, TimePoint now);
  void service_unanswered(Tunnel& tunnel, TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due(const Tunnel& tunnel) const;
  [[nodiscard]] TimePoint last_heard(const Tunnel& tunnel) const;

  const Settings& settings_;
  Environment environment_;
  std::vector<Action> actions_;
  std::map<std::uint16_t, Tunnel> tunnels_;
};

}  // namespace espgate::control::l2tp
