// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/ipcp.h"

namespace espgate::control::ppp {
namespace {

using wire::IpcpOption;

constexpr std::uint8_t address_type = static_cast<std::uint8_t>(IpcpOption::address);

}  // namespace

// 0: not to be had here. Van Jacobson compression and RFC 1172's pair of addresses are never.
std::uint32_t Ipcp::wanted(std::uint8_t type) const {
  switch (IpcpOption{type}) {
    case IpcpOption::address:
      return assigned_.address;
    case IpcpOption::dns1:
      return assigned_.dns[0];
    case IpcpOption::dns2:
      return assigned_.dns[1];
    case IpcpOption::nbns1:
      return assigned_.nbns[0];
    case IpcpOption::nbns2:
      return assigned_.nbns[1];
    default:
      return 0;
  }
}

wire::PppOptionList Ipcp::request() {
  wire::PppOptionList options;
  if (ask_address_) options.number32(address_type, settings().gateway_address);
  return options;
}

Negotiation::Answer Ipcp::judge(wire::Bytes options, bool may_nak) {
  auto answer = judgement(options, may_nak);
  // Its address is not for the client to choose (RFC 1332 §3.3), however often it says so.
  if (!may_nak && answer.verdict != Verdict::ack) {
    wire::PppOptionWalk walk(answer.options.bytes());
    for (auto option = walk.next(); option && *option; option = walk.next())
      if ((*option)->type == address_type) fail("the client does not take the address that it is given");
  }
  return answer;
}

Negotiation::Answer Ipcp::judgement(wire::Bytes options, bool may_nak) const {
  AnswerBuilder answer;
  bool has_address = false;
  wire::PppOptionWalk walk(options);
  for (auto option = walk.next(); option && *option; option = walk.next()) {
    const std::uint8_t type = (*option)->type;
    const std::uint32_t value = wanted(type);
    const auto asked = (*option)->number32();
    has_address = has_address || type == address_type;
    if (value == 0 || !asked || (*asked != value && !may_nak)) {
      answer.reject(**option);
    } else if (*asked != value) {
      answer.nak().number32(type, value);
    }
  }
  // A client that asks for none is told (§3.3): without an address it can't go anywhere.
  if (!has_address) answer.nak().number32(address_type, assigned_.address);
  return answer.finish();
}

bool Ipcp::would_acknowledge(wire::Bytes options) const {
  wire::PppOptionWalk walk(options);
  for (;;) {
    const auto option = walk.next();
    if (!option) return false;
    if (!*option) break;
  }
  return judgement(options, true).verdict == Verdict::ack;
}

// The client has another idea of our address; we keep ours.
void Ipcp::on_nak(wire::Bytes /*options*/) {}

void Ipcp::on_reject(wire::Bytes options) {
  wire::PppOptionWalk walk(options);
  for (auto option = walk.next(); option && *option; option = walk.next())
    if ((*option)->type == address_type) ask_address_ = false;
}

void Ipcp::encode(SecretEncoder& out) const {
  encode_base(out);
  out.number(assigned_.address);
  for (const auto* pair : {&assigned_.dns, &assigned_.nbns})
    for (const std::uint32_t address : *pair) out.number(address);
  out.number(static_cast<std::uint8_t>(ask_address_));
}

bool Ipcp::decode(Decoder& in) {
  const bool sound = decode_base(in);
  assigned_.address = in.number<std::uint32_t>();
  for (auto* pair : {&assigned_.dns, &assigned_.nbns})
    for (std::uint32_t& address : *pair) address = in.number<std::uint32_t>();
  ask_address_ = in.number<std::uint8_t>() != 0;
  return sound && in.ok();
}

}  // namespace espgate::control::ppp
