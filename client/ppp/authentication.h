// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/failure.h"
#include "client/ppp/lcp.h"
#include "crypto/mschapv2.h"
#include "crypto/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::client::ppp {

// Who dials in.
struct Credentials {
  std::string user;
  crypto::SecretBytes password;  // UTF-8
};

// The side that says who it is: PAP (RFC 1334), CHAP (RFC 1994), MS-CHAPv2 (RFC 2759), which lets the server
// prove that it knows the password too.
class Authentication {
 public:
  enum class State : std::uint8_t { idle, waiting, accepted, refused };

  // `credentials` outlives this.
  Authentication(const Credentials& credentials, Random random, Actions& actions)
      : credentials_(credentials), random_(std::move(random)), actions_(actions) {}

  // LCP is open with that method.
  void begin(Method method, TimePoint now);
  void on_chap(const wire::PppPacket& packet, TimePoint now);
  void on_pap(const wire::PppPacket& packet);
  // Says again what was not answered.
  void on_timer(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Failure& failure() const { return failure_; }

 private:
  void on_challenge(const wire::PppPacket& packet, TimePoint now);
  [[nodiscard]] std::vector<std::byte> response_to(std::uint8_t id, wire::Bytes challenge);
  void on_success(wire::Bytes message);
  void on_failure(wire::Bytes message);
  void say(TimePoint now);
  void refuse(Cause cause, std::string what, std::string hint);

  const Credentials& credentials_;
  Random random_;
  Actions& actions_;
  State state_ = State::idle;
  Method method_ = Method::mschapv2;
  std::uint8_t id_ = 0;
  std::vector<std::byte> said_;  // the frame that waits for its answer; empty: the server is to begin
  std::string expected_;         // MS-CHAPv2: "S=…", of a server that knows the password
  unsigned tries_ = 0;
  TimePoint due_{}, deadline_{};
  Failure failure_;
};

// "E=691 R=0 C=… V=3 M=text" (RFC 2759 §6) as "error 691 (authentication failed): text"; any other text as it
// is. Unprintable characters become '?'.
[[nodiscard]] std::string explain_refusal(std::string_view message);

}  // namespace espgate::client::ppp
