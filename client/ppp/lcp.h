// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/negotiation.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace espgate::client::ppp {

using control::ppp::Actions;
using control::ppp::Method;
using control::ppp::Negotiation;
using control::ppp::TimePoint;
using Random = std::function<void(std::span<std::byte>)>;

// LCP (RFC 1661 §6) of the side that dials in, and lets itself be asked who it is.
class Lcp final : public Negotiation {
 public:
  // `settings`: mru is what we ask for; its methods are what the server may ask us by, the best first.
  Lcp(const control::ppp::Settings& settings, Random random, Actions& actions);

  // What the server has asked for and got.
  struct Server {
    std::uint16_t mru = 1500;              // the most it receives
    std::optional<Method> authentication;  // nullopt: it does not ask who we are
  };
  [[nodiscard]] const Server& server() const { return server_; }
  // Only when opened (RFC 1661 §5.7); `protocol` and what followed it.
  void send_protocol_reject(std::uint16_t protocol, wire::Bytes payload);
  // Of a Protocol-Reject that came since the last call.
  [[nodiscard]] std::optional<std::uint16_t> take_rejected_protocol() {
    return std::exchange(rejected_protocol_, std::nullopt);
  }

 private:
  [[nodiscard]] wire::PppOptionList request() override;
  [[nodiscard]] Answer judge(wire::Bytes options, bool may_nak) override;
  void judge_authentication(const wire::PppOption& option, bool may_nak, AnswerBuilder& answer);
  [[nodiscard]] std::optional<Method> method_of(const wire::PppOption& option) const;
  void adopt(wire::Bytes options) override;
  void on_nak(wire::Bytes options) override;
  void on_reject(wire::Bytes options) override;
  bool on_other_code(const wire::PppPacket& packet, TimePoint now) override;
  [[nodiscard]] bool may_be_rejected(std::uint8_t code) const override;
  void reset() override;
  void new_magic();

  Random random_;
  Server server_;
  std::uint16_t mru_ = 0;    // 0: not asked for any more
  std::uint32_t magic_ = 0;  // 0: likewise
  std::optional<std::uint16_t> rejected_protocol_;
};

}  // namespace espgate::client::ppp
