// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/actions.h"
#include "control/ppp/lcp.h"
#include "control/ppp/settings.h"
#include "wire/ppp_options.h"

#include <optional>
#include <string>

namespace espgate::control::ppp {

// The side that asks who somebody is: PAP (RFC 1334), CHAP (RFC 1994), MS-CHAPv2 (RFC 2759). Passwords are
// checked elsewhere.
class Authenticator {
 public:
  enum class State : std::uint8_t { idle, waiting, verifying, accepted, refused };

  // `question`: the session's counter of them.
  Authenticator(const Settings& settings, Random random, Question& question, Actions& actions)
      : settings_(settings), random_(std::move(random)), last_question_(question), actions_(actions) {}

  // LCP is open and the peer has agreed to that method.
  void begin(Method method, TimePoint now);
  void stop() { state_ = State::idle; }
  void on_chap(const wire::PppPacket& packet);
  void on_pap(const wire::PppPacket& packet);
  // Once accepted, by CHAP: the Success again. PAP's clients ask by themselves.
  void repeat_success();
  void on_result(Question question, const AuthenticationResult& result);
  // refused follows when time is up.
  void on_timer(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& user() const { return user_; }
  // Why it was refused.
  [[nodiscard]] const std::string& cause() const { return cause_; }

  // Somebody who was to be verified is asked again.
  void encode(SecretEncoder& out) const;
  [[nodiscard]] bool decode(Decoder& in, TimePoint now);

 private:
  void send_challenge(TimePoint now);
  void send(std::uint8_t code, std::uint8_t id, wire::Bytes data);
  void ask(std::string_view user, std::vector<std::byte> response, wire::Bytes password);
  [[nodiscard]] std::vector<std::byte> answer_data(const AuthenticationResult& result) const;
  void refuse(std::string cause);

  const Settings& settings_;
  Random random_;
  Question& last_question_;
  Actions& actions_;
  Question question_ = 0;  // the one that is open
  State state_ = State::idle;
  Method method_ = Method::mschapv2;
  std::uint8_t id_ = 0;  // CHAP: of our challenge; PAP: of the request at hand
  crypto::MsChapChallenge challenge_{};
  std::string user_;
  std::vector<std::byte> last_answer_;  // Success frame, for a client that has not got it
  unsigned tries_ = 0;                  // challenges that may still be sent
  unsigned wrong_passwords_ = 0;
  TimePoint due_{};  // of the next challenge
  TimePoint deadline_{};
  std::string cause_;
};

}  // namespace espgate::control::ppp
