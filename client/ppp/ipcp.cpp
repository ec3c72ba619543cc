// SPDX-License-Identifier: Apache-2.0
#include "client/ppp/ipcp.h"

namespace espgate::client::ppp {
namespace {

using wire::IpcpOption;

std::uint8_t number(IpcpOption option) { return static_cast<std::uint8_t>(option); }

template <typename Use>
void for_each_option(wire::Bytes options, Use use) {
  wire::PppOptionWalk walk(options);
  for (auto option = walk.next(); option && *option; option = walk.next()) use(**option);
}

}  // namespace

void Ipcp::reset() {
  given_ = {};
  ask_dns_ = {true, true};
}

// 0.0.0.0 asks for what the server has (RFC 1332 §3.3, RFC 1877 §1).
wire::PppOptionList Ipcp::request() {
  wire::PppOptionList options;
  options.number32(number(IpcpOption::address), given_.address);
  if (ask_dns_[0]) options.number32(number(IpcpOption::dns1), given_.dns[0]);
  if (ask_dns_[1]) options.number32(number(IpcpOption::dns2), given_.dns[1]);
  return options;
}

// Any address will do for the server; header compression is not for a tunnel.
control::ppp::Negotiation::Answer Ipcp::judge(wire::Bytes options, bool /*may_nak*/) {
  AnswerBuilder answer;
  for_each_option(options, [&](const wire::PppOption& option) {
    if (option.type != number(IpcpOption::address) || !option.number32()) answer.reject(option);
  });
  return answer.finish();
}

void Ipcp::adopt(wire::Bytes options) {
  for_each_option(
      options, [&](const wire::PppOption& option) { given_.server_address = option.number32().value_or(0); });
}

void Ipcp::on_nak(wire::Bytes options) {
  for_each_option(options, [&](const wire::PppOption& option) {
    const auto value = option.number32();
    if (!value) return;
    if (option.type == number(IpcpOption::address)) given_.address = *value;
    if (option.type == number(IpcpOption::dns1)) given_.dns[0] = *value;
    if (option.type == number(IpcpOption::dns2)) given_.dns[1] = *value;
  });
}

void Ipcp::on_reject(wire::Bytes options) {
  for_each_option(options, [&](const wire::PppOption& option) {
    if (option.type == number(IpcpOption::address)) fail("the server has no address for this user");
    if (option.type == number(IpcpOption::dns1)) ask_dns_[0] = false, given_.dns[0] = 0;
    if (option.type == number(IpcpOption::dns2)) ask_dns_[1] = false, given_.dns[1] = 0;
  });
}

}  // namespace espgate::client::ppp
