// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/negotiation.h"

#include <array>
#include <cstdint>

namespace espgate::client::ppp {

// IPCP (RFC 1332, RFC 1877) of the side that is given its address and name servers.
class Ipcp final : public control::ppp::Negotiation {
 public:
  using TimePoint = control::ppp::TimePoint;

  Ipcp(const control::ppp::Settings& settings, control::ppp::Actions& actions)
      : Negotiation(wire::ppp_ipcp, settings, actions) {}

  // In host order; 0: none. Once opened.
  struct Given {
    std::uint32_t address = 0;
    std::array<std::uint32_t, 2> dns{};
    std::uint32_t server_address = 0;  // 0: the server does not say
  };
  [[nodiscard]] const Given& given() const { return given_; }

 private:
  [[nodiscard]] wire::PppOptionList request() override;
  [[nodiscard]] Answer judge(wire::Bytes options, bool may_nak) override;
  void adopt(wire::Bytes options) override;
  void on_nak(wire::Bytes options) override;
  void on_reject(wire::Bytes options) override;
  bool on_other_code(const wire::PppPacket& /*packet*/, TimePoint /*now*/) override { return false; }
  [[nodiscard]] bool may_be_rejected(std::uint8_t /*code*/) const override { return false; }
  void reset() override;

  Given given_;
  std::array<bool, 2> ask_dns_ = {true, true};
};

}  // namespace espgate::client::ppp
