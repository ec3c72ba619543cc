// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/actions.h"
#include "control/ppp/authenticator.h"
#include "control/ppp/ipcp.h"
#include "control/ppp/lcp.h"
#include "control/ppp/settings.h"
#include "control/state/encoding.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::control::ppp {

// PPP (RFC 1661) with one client, as the server: LCP, who it is, IPCP. Frames, answers and the time in,
// actions out by take_actions(). Opens no socket, reads no clock, starts no thread. One thread.
//
// CCP, IPV6CP and whatever else are answered by Protocol-Reject: encryption is IPsec's business.
class PppSession {
 public:
  enum class Phase : std::uint8_t {
    dead,       // before start()
    establish,  // LCP
    authenticate,
    address,    // it is being found
    network,    // IPCP
    terminate,  // waits for the client's Terminate-Ack
    down,       // says nothing more
  };
  struct Environment {
    Random random;
    // When any packet of this client was authenticated last, so that no echo is asked of one that talks. May
    // be empty.
    std::function<TimePoint()> last_heard;
  };
  // `settings` outlives this and has at least one method.
  PppSession(const Settings& settings, Environment environment);

  // Sends our Configure-Request at once.
  void start(TimePoint now);
  // From the protocol field on; FF 03 before it is taken too.
  void on_frame(wire::Bytes frame, TimePoint now);
  void on_authenticated(Question question, const AuthenticationResult& result, TimePoint now);
  // Nullopt: there is none for this user; `problem` is told the client and the log.
  void on_address(Question question, const std::optional<Assigned>& assigned, std::string_view problem,
                  TimePoint now);
  // The data plane lets IP pass, or does not.
  void on_opened(Question question, bool opened, TimePoint now);
  // When next_due() has come.
  void on_timer(TimePoint now);
  // Says so to the client; Down follows when it has answered, or after two tries.
  void close(std::string_view reason, TimePoint now);

  // Nullopt: nothing to wait for.
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  // In the order in which they are to be done.
  [[nodiscard]] Actions take_actions() { return std::exchange(actions_, {}); }

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool is_ip_up() const { return phase_ == Phase::network && ipcp_.is_opened(); }
  [[nodiscard]] const std::string& user() const { return authenticator_.user(); }
  [[nodiscard]] const Assigned& assigned() const { return ipcp_.assigned(); }
  [[nodiscard]] const Lcp& lcp() const { return lcp_; }
  [[nodiscard]] const Ipcp& ipcp() const { return ipcp_; }

  // Everything, for the next process. What waits for an answer is asked again: after decode(), actions hold
  // the question.
  void encode(SecretEncoder& out) const;
  // Null: of another version, or damaged.
  [[nodiscard]] static std::unique_ptr<PppSession> decode(Decoder& in, const Settings& settings,
                                                          Environment environment, TimePoint now);

 private:
  void on_lcp(const wire::PppPacket& packet, TimePoint now);
  void on_ipcp(const wire::PppPacket& packet, TimePoint now);
  void on_ipv4(wire::Bytes packet);
  void reject_protocol(std::uint16_t protocol, wire::Bytes payload, TimePoint now);
  void follow(TimePoint now);
  void follow_lcp(TimePoint now);
  void follow_ipcp(TimePoint now);
  void follow_authenticator(TimePoint now);
  void leave_network(TimePoint now);
  void close_data_plane();
  void go_down(std::string reason);
  void service_echo(TimePoint now);
  [[nodiscard]] bool asks_for_echo() const;
  [[nodiscard]] TimePoint last_heard() const;
  [[nodiscard]] std::uint16_t mru() const;
  void ask_for_address();
  void ask_for_opening();
  void report(Level level, std::string text) { actions_.emplace_back(Report{level, std::move(text)}); }

  const Settings& settings_;
  Environment environment_;
  Actions actions_;
  Lcp lcp_;
  Authenticator authenticator_;
  Ipcp ipcp_;
  Phase phase_ = Phase::dead;
  std::string reason_;           // why it ends
  std::vector<std::byte> held_;  // an IPCP packet that waits for the address or for the data plane
  bool ipcp_heard_ = false;      // so the client knows that it is known
  Question last_question_ = 0;
  Question address_question_ = 0;  // 0: none is open
  Question opening_ = 0;           // the data plane is being told
  bool opened_ = false;            // it lets IP pass
  TimePoint address_deadline_{};
  TimePoint heard_{};     // the last frame
  TimePoint echo_due_{};  // not before
  unsigned echoes_unanswered_ = 0;
  TimePoint rejects_since_{};  // Protocol-Rejects: so many in that second
  unsigned rejects_ = 0;
};

}  // namespace espgate::control::ppp
