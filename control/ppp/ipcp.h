// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/negotiation.h"

namespace espgate::control::ppp {

// IPCP (RFC 1332, RFC 1877) of the side that gives the addresses.
class Ipcp final : public Negotiation {
 public:
  Ipcp(const Settings& settings, Actions& actions) : Negotiation(wire::ppp_ipcp, settings, actions) {}

  // Before the first packet.
  void assign(const Assigned& assigned) { assigned_ = assigned; }
  [[nodiscard]] const Assigned& assigned() const { return assigned_; }
  // Whether a Configure-Request asks for just what was assigned, so that it will be acknowledged.
  [[nodiscard]] bool would_acknowledge(wire::Bytes options) const;

  void encode(SecretEncoder& out) const;
  [[nodiscard]] bool decode(Decoder& in);

 private:
  [[nodiscard]] wire::PppOptionList request() override;
  [[nodiscard]] Answer judge(wire::Bytes options, bool may_nak) override;
  [[nodiscard]] Answer judgement(wire::Bytes options, bool may_nak) const;
  [[nodiscard]] std::uint32_t wanted(std::uint8_t type) const;
  void adopt(wire::Bytes /*options*/) override {}
  void on_nak(wire::Bytes options) override;
  void on_reject(wire::Bytes options) override;
  bool on_other_code(const wire::PppPacket& /*packet*/, TimePoint /*now*/) override { return false; }
  [[nodiscard]] bool may_be_rejected(std::uint8_t /*code*/) const override { return false; }
  void reset() override { ask_address_ = true; }

  Assigned assigned_;
  bool ask_address_ = true;
};

}  // namespace espgate::control::ppp
