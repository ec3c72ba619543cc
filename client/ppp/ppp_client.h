// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/failure.h"
#include "client/ppp/authentication.h"
#include "client/ppp/ipcp.h"
#include "client/ppp/lcp.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace espgate::client::ppp {

// A PPP frame from its protocol field, which has two bytes.
struct SendFrame {
  std::vector<std::byte> bytes;
};
// LCP is open. Without a method, the server does not ask who we are.
struct LinkUp {
  std::optional<Method> method;
};
struct UserAccepted {};
// IP may pass.
struct IpUp {
  Ipcp::Given given;
  std::uint16_t server_mru = 1500;  // the largest inner packet that the server receives
};
// Why it ends, or has ended; what is left is a goodbye.
struct Down {
  Failure failure;
};
using Action = std::variant<SendFrame, LinkUp, UserAccepted, IpUp, Down>;

// PPP (RFC 1661) of the side that dials in: LCP, who we are, IPCP. Frames and the time in, actions out by
// take_actions(). The automaton is the gateway's own, which has no roles; what is asked for and agreed to is
// not. One thread.
class PppClient {
 public:
  // Both outlive this. Of `settings` count: methods, mru, and the timers of negotiation.
  PppClient(const control::ppp::Settings& settings, const Credentials& credentials, const Random& random);
  PppClient(const PppClient&) = delete;
  PppClient& operator=(const PppClient&) = delete;

  void start(TimePoint now);
  // From the protocol field on; FF 03 before it is taken too.
  void on_frame(wire::Bytes frame, TimePoint now);
  void on_timer(TimePoint now);
  // Terminate-Request; is_over() when it was answered, or after two tries.
  void close(std::string_view reason, TimePoint now);

  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] std::vector<Action> take_actions();
  [[nodiscard]] bool is_over() const { return phase_ == Phase::over; }
  [[nodiscard]] bool is_ip_up() const { return phase_ == Phase::network && ipcp_.is_opened(); }

 private:
  enum class Phase : std::uint8_t { dead, establish, authenticate, network, over };

  void dispatch(std::uint16_t protocol, wire::Bytes payload, TimePoint now);
  void follow(TimePoint now);
  void follow_lcp(TimePoint now);
  void follow_authentication(TimePoint now);
  void follow_ipcp(TimePoint now);
  void begin_network(TimePoint now);
  void give_up(Failure failure, TimePoint now);
  void move_frames();

  Actions negotiated_;
  std::vector<Action> actions_;
  Lcp lcp_;
  Authentication authentication_;
  Ipcp ipcp_;
  Phase phase_ = Phase::dead;
  bool closed_by_us_ = false;  // or why it ends was told
  bool given_up_ = false;
};

}  // namespace espgate::client::ppp
