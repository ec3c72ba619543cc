// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/negotiation.h"

#include <functional>
#include <optional>
#include <span>

namespace espgate::control::ppp {

using Random = std::function<void(std::span<std::byte>)>;

// LCP (RFC 1661 §5, §6) of the side that asks for authentication.
class Lcp final : public Negotiation {
 public:
  // `settings` has at least one method.
  Lcp(const Settings& settings, Random random, Actions& actions);

  // What the peer has asked for and got.
  struct Peer {
    std::uint16_t mru = 1500;  // the most it receives
    std::uint32_t magic = 0;   // 0: none
    bool acfc = false, pfc = false;
  };
  [[nodiscard]] const Peer& peer() const { return peer_; }
  // The method that the peer has agreed to, once opened.
  [[nodiscard]] Method method() const;

  void send_echo_request();
  // Only when opened (§5.7); `protocol` and what followed it.
  void send_protocol_reject(std::uint16_t protocol, wire::Bytes payload);
  // Of a Protocol-Reject that came since the last call.
  [[nodiscard]] std::optional<std::uint16_t> take_rejected_protocol() {
    return std::exchange(rejected_protocol_, std::nullopt);
  }

  void encode(SecretEncoder& out) const;
  [[nodiscard]] bool decode(Decoder& in);

 private:
  [[nodiscard]] wire::PppOptionList request() override;
  [[nodiscard]] Answer judge(wire::Bytes options, bool may_nak) override;
  void judge_option(const wire::PppOption& option, bool may_nak, AnswerBuilder& answer);
  void judge_magic(const wire::PppOption& option, bool may_nak, AnswerBuilder& answer);
  void adopt(wire::Bytes options) override;
  void on_nak(wire::Bytes options) override;
  void on_reject(wire::Bytes options) override;
  void on_method_refused(const wire::PppOption& wanted);
  bool on_other_code(const wire::PppPacket& packet, TimePoint now) override;
  [[nodiscard]] bool may_be_rejected(std::uint8_t code) const override;
  void reset() override;
  void new_magic();

  Random random_;
  Peer peer_;
  std::uint16_t own_mru_ = 0;    // 0: not asked for
  std::uint32_t own_magic_ = 0;  // 0: not asked for
  bool ask_pfc_ = false, ask_acfc_ = false;
  std::vector<bool> refused_;  // methods, as in settings
  std::size_t method_ = 0;     // index into settings
  unsigned loops_ = 0;         // own magic numbers that came back
  std::optional<std::uint16_t> rejected_protocol_;
};

}  // namespace espgate::control::ppp
