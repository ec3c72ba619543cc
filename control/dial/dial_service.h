// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "config/config.h"
#include "control/aaa/user_database.h"
#include "control/dial/line.h"
#include "control/dial/logins.h"
#include "control/event_log.h"
#include "control/gateway/gateway.h"
#include "control/ike/negotiator.h"
#include "control/pool/address_pools.h"
#include "control/timer_wheel.h"

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace espgate::control {

// Joins L2TP and PPP to the world: packets of the channel, the gateway's sessions, users and addresses. One
// thread.
class DialService {
 public:
  struct Environment {
    Gateway& gateway;
    const ike::Negotiator& negotiator;
    std::function<channel::ControlEnd*()> dataplane;  // null: none is connected
    // Writes a record of the state segment, or erases it (null).
    std::function<void(std::uint64_t id, const std::span<const std::byte>* record)> save;
    EventLog& log;
    ike::Journal& journal;
    UserDatabase& users;
    AddressPools& pools;
    radius::Client* radius;  // null: none; users are in a file, and nobody counts
  };
  DialService(const config::Config& config, Environment environment);
  ~DialService();

  // l2tp_control and ppp_control.
  void on_packet(const channel::PacketRecord& packet);
  // All SAs of a peer are gone: nothing can be said to it any more.
  void on_peer_gone(std::uint32_t peer_id);
  void on_session_installed(const SessionKey& key, bool installed, const std::string& problem);
  void tick();
  // Does what is to be done: after everything that came in.
  void run();

  // Ends a user's line. False: there is none.
  bool hang_up(std::uint32_t peer_id, std::uint16_t session, std::string_view why);
  // Whether new tunnels are refused; who is there stays. Forgotten at a restart.
  void set_draining(bool draining) { l2tp_.draining = draining; }
  [[nodiscard]] bool is_draining() const { return l2tp_.draining; }
  [[nodiscard]] const std::unordered_map<std::uint32_t, Caller>& callers() const { return callers_; }
  // Null: it is gone.
  [[nodiscard]] const ike::Peer* peer_of(const Caller& caller) const {
    return environment_.negotiator.find_peer(caller.peer_id);
  }
  // Inner traffic since IP came up, of all SAs of the line's client. Zeros before.
  [[nodiscard]] Traffic traffic_of(std::uint32_t peer_id, const Line& line);
  // When any packet of the client's was authenticated last.
  [[nodiscard]] ppp::TimePoint heard(std::uint32_t peer_id) { return last_heard(callers_.at(peer_id)); }

  // A record of the process before us: of a peer that was restored.
  void restore(std::uint64_t id, std::span<const std::byte> record);
  // Ids of records in the state segment: this and the peer's id.
  static constexpr std::uint64_t record_flag = std::uint64_t{1} << 32U;

 private:
  struct SessionInstallation {
    SessionKey key;
    bool installed;
  };
  [[nodiscard]] static std::function<void(std::span<std::byte>)> random_source();
  Caller& caller(std::uint32_t peer_id);
  void act(Caller& caller);
  bool act_once(Caller& caller);
  void perform(Caller& caller, const l2tp::Action& action);
  void perform(Caller& caller, Line& line, ppp::SessionAction& action);
  void start_session(Caller& caller, const l2tp::SessionStarting& starting);
  void end_session(Caller& caller, std::uint16_t session, std::string_view reason);
  void tell_end(const Caller& caller, Line& line, std::string_view reason);
  // It is us who want it to end; only the first reason counts.
  void close(Caller& caller, Line& line, radius::TerminateCause cause, std::string_view why);
  void take(const LoginAnswer& answer);
  [[nodiscard]] radius::SessionIdentity identity_of(const Caller& caller, const Line& line) const;
  void account(Caller& caller, const Line& line, radius::AccountingRecord::Kind kind);
  // The line is over, for the address pool and for accounting.
  void settle(Caller& caller, Line& line);
  // What is to be done every few seconds: meters, interim accounting.
  void count_traffic();
  void on_ip_up(Caller& caller, Line& line, std::uint32_t address);
  void on_down(const Caller& caller, Line& line, const std::string& reason);
  void give_address(Caller& caller, Line& line, const ppp::NeedAddress& need);
  [[nodiscard]] bool is_connected(const std::string& user, const Line& but) const;
  void replace_other_lines(const Caller& caller, const Line& line, const std::string& user);
  void put_session(const Caller& caller, const Line& line, bool open);
  void send_l2tp(const Caller& caller, const l2tp::SendControl& message);
  void send_ppp(const Caller& caller, const Line& line, std::span<const std::byte> frame);
  void log(const Caller& caller, spdlog::level::level_enum level, Area area, std::string_view text) const;
  // For `espgate why`.
  void note(const Caller& caller, bool good, std::string_view what, std::string text,
            std::string_view user = {}) const;
  [[nodiscard]] wire::IpAddress address_of(const Caller& caller) const;  // outside
  void read_meter(Caller& caller) const;
  void arm(Caller& caller);
  void service(Caller& caller);
  void save(const Caller& caller);
  [[nodiscard]] ppp::TimePoint last_heard(Caller& caller) const;
  [[nodiscard]] std::uint32_t outbound_slot(const Caller& caller) const;

  l2tp::Settings l2tp_;
  ppp::Settings ppp_;
  std::string called_station_;  // ours, for RADIUS
  std::array<std::uint32_t, 2> dns_{}, nbns_{};
  Environment environment_;
  std::unordered_map<std::uint32_t, Caller> callers_;
  std::set<std::uint32_t> busy_;  // callers with something to do
  std::vector<SessionInstallation> installations_;
  Logins logins_;
  TimerWheel wheel_;
  ppp::TimePoint read_meters_{};
};

}  // namespace espgate::control
