// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/failure.h"
#include "client/ike/ike_sa.h"
#include "client/ike/settings.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace espgate::client::ike {

// What a message has led to. Ignored: nobody has sent it who takes part in this exchange, or it came too
// late.
struct Reaction {
  enum class Kind : std::uint8_t { ignored, answer, done, failed };
  Kind kind = Kind::ignored;
  std::vector<std::byte> send;  // answer, and done where a last message is due
  Failure failure;
};

// One phase 1 by main mode with a pre-shared key (RFC 2409 §5.4), in either role. Diffie-Hellman is computed
// at once: a client has nobody else to serve meanwhile. NAT traversal by RFC 3947 is a must, and our own
// NAT-D is random, so that the server encapsulates in UDP whether there is a NAT or not: this client has no
// other way to receive ESP.
class MainMode {
 public:
  enum class Role : std::uint8_t { initiator, responder };

  // `settings` and `environment` outlive this. `port`: of the server, where the exchange begins.
  MainMode(const Settings& settings, const Environment& environment, const wire::IpAddress& local, Role role,
           std::uint16_t port);

  // The initiator's first message.
  [[nodiscard]] std::vector<std::byte> first();
  [[nodiscard]] Reaction on_message(const wire::IsakmpMessage& message);
  // What it means that the server does not answer any more.
  [[nodiscard]] Failure silence() const;
  // A notification in clear, which anybody who sees the cookies may have sent: enough to end an attempt.
  // Nullopt: it says nothing about this exchange.
  [[nodiscard]] std::optional<Failure> on_notification(std::uint16_t type) const;

  // By our own cookie, and by the other once it is known.
  [[nodiscard]] bool is_named_by(const wire::IsakmpMessage& message) const;
  [[nodiscard]] bool is_initiator() const { return role_ == Role::initiator; }
  // From the fifth message on, exchanges use port 4500 (RFC 3947 §4).
  [[nodiscard]] bool has_floated() const { return floated_; }
  // After done.
  [[nodiscard]] const std::shared_ptr<IkeSa>& sa() const { return sa_; }

 private:
  enum class State : std::uint8_t { first, second, third, fourth, fifth, sixth, done };  // what is to come
  using Body = std::vector<std::byte>;

  [[nodiscard]] Reaction on_first(const Payloads& payloads, const wire::IsakmpMessage& message);
  [[nodiscard]] Reaction on_second(const Payloads& payloads, const wire::IsakmpMessage& message);
  [[nodiscard]] Reaction on_keys(const Payloads& payloads);
  [[nodiscard]] Reaction on_identity(const wire::IsakmpMessage& message);
  [[nodiscard]] wire::IsakmpBuilder builder(std::uint8_t flags) const;
  [[nodiscard]] Body key_message();
  [[nodiscard]] Body identity_message();
  [[nodiscard]] crypto::HashValue hash_of(bool of_initiator, wire::Bytes identity) const;
  [[nodiscard]] Reaction answer(Body bytes, State next);
  [[nodiscard]] static Reaction failed(Cause cause, std::string what, std::string hint);

  const Settings& settings_;
  const Environment& environment_;
  wire::IpAddress local_;
  Role role_;
  std::uint16_t port_;
  State state_;
  bool floated_ = false;
  std::shared_ptr<IkeSa> sa_ = std::make_shared<IkeSa>();
  std::shared_ptr<const crypto::DhKeyPair> key_pair_;
  Body sa_body_;  // SAi_b
  Body nonce_i_, nonce_r_, g_xi_, g_xr_;
  crypto::SecretBytes skeyid_;
  Iv iv_{};
  Body question_, reply_;  // the last, to be answered the same way again
};

}  // namespace espgate::client::ike
