// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/ike/main_mode.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace espgate::client::ike {

// A pair of ESP SAs, agreed on.
struct Pair {
  std::uint32_t spi_in = 0, spi_out = 0;  // ours, the server's
  crypto::SuiteId suite = 0;
  crypto::SecretBytes key_in, key_out;  // cipher key, salt, integrity key in a row
  std::chrono::seconds lifetime{0};
};

// One quick mode (RFC 2409 §5.5) for L2TP: transport mode in UDP between udp/1701 of both ends, in either
// role.
class QuickMode {
 public:
  using Role = MainMode::Role;

  // `settings` and `environment` outlive this.
  QuickMode(const Settings& settings, const Environment& environment, const wire::IpAddress& local,
            std::shared_ptr<const IkeSa> sa, Role role, std::uint32_t message_id, std::uint32_t spi);

  [[nodiscard]] std::vector<std::byte> first();
  // `done` comes with the third message where we are the initiator.
  [[nodiscard]] Reaction on_message(const wire::IsakmpMessage& message);
  // As initiator with done, as responder with the first answer.
  [[nodiscard]] std::optional<Pair> take_pair() { return std::exchange(pair_, std::nullopt); }
  [[nodiscard]] Failure silence() const;

  [[nodiscard]] std::uint32_t message_id() const { return message_id_; }
  [[nodiscard]] std::uint32_t spi() const { return spi_; }
  [[nodiscard]] bool is_initiator() const { return role_ == Role::initiator; }
  [[nodiscard]] const IkeSa& sa() const { return *sa_; }

 private:
  enum class State : std::uint8_t { first, second, third, done };  // what is to come
  using Body = std::vector<std::byte>;

  [[nodiscard]] Reaction on_first(const Opened& opened);
  [[nodiscard]] Reaction on_second(const Opened& opened);
  [[nodiscard]] Reaction on_third(const Opened& opened);
  [[nodiscard]] Body third();
  [[nodiscard]] Body build(wire::Bytes sa_body, wire::Bytes nonce, wire::Bytes prefix);
  [[nodiscard]] crypto::HashValue third_hash() const;
  // Takes the server's nonce and public value. False: they are not as they should be.
  [[nodiscard]] bool take_keys(const Payloads& payloads, const EspProposal& chosen);
  void make_pair(const ChosenEsp& chosen, const Payloads& payloads);
  void new_nonce(Body& nonce) const;
  [[nodiscard]] wire::IsakmpBuilder builder() const;

  const Settings& settings_;
  const Environment& environment_;
  wire::IpAddress local_;
  std::shared_ptr<const IkeSa> sa_;
  Role role_;
  std::uint32_t message_id_;
  std::uint32_t spi_;
  State state_;
  Iv iv_;
  Body nonce_i_, nonce_r_;
  Body id_i_, id_r_;
  std::shared_ptr<const crypto::DhKeyPair> key_pair_;
  crypto::SecretBytes shared_;
  std::optional<Pair> pair_;
  Body question_, reply_;
};

}  // namespace espgate::client::ike
